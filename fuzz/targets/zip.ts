/** Fuzz target: the archive at a file's end, its directory and its members. */

import { memorySource } from "../../src/bytes/source.js";
import { findZipTail, readZipDirectory } from "../../src/image/zip.js";
import { readMember } from "../../src/image/zip-symbols.js";
import { declared } from "../declared.js";

const MOST_MEMBERS = 8;
const MOST_BYTES = 1 << 20;

export async function fuzz(data: Buffer): Promise<void> {
  await declared(async () => {
    const source = memorySource(new Uint8Array(data));
    const tail = await findZipTail(source);
    if (tail === undefined) return;
    let members = 0;
    for await (const entry of readZipDirectory(source, tail)) {
      const bytes = await readMember(source, entry, MOST_BYTES);
      if (bytes !== undefined && bytes.length > MOST_BYTES) throw new Error("a member larger than the limit");
      if (++members === MOST_MEMBERS) break;
    }
  });
}
