/** The last proof of a package: it is read as any input is, and holds every file with the bytes that its sums speak of. */

import { createHash } from "node:crypto";
import { DiskError, InputError } from "../errors.js";
import { noLimits } from "../input/archive/limits.js";
import { quoted } from "../input/archive/names.js";
import { openArchive } from "../input/archive/open.js";
import type { Item } from "../write/item.js";
import { filesOf } from "./inventory.js";

/** Throws DiskError where what lies at `finished` does not hold exactly the files among `items`. */
export async function refuseDifferences(
  items: readonly Item[],
  finished: string,
  onBytes: (count: number) => void,
): Promise<void> {
  const expected = new Map(filesOf(items).map(({ path, content }) => [path, content.sha256]));
  const found = new Map<string, string>();
  const archive = openArchive(finished, noLimits);
  try {
    for await (const entry of archive.entries()) {
      if (entry.kind === "hardlink") found.set(entry.path, found.get(entry.target!) ?? "");
      if (entry.kind === "file") found.set(entry.path, await sumOf(entry.content(), onBytes));
    }
  } catch (error) {
    // The input has no part in it, and the file's name is one that is gone in a moment.
    throw error instanceof InputError
      ? new DiskError(`the package does not read back as it was written: ${error.message.replaceAll(`${finished}: `, "")}`)
      : error;
  } finally {
    archive.close();
  }
  const wrong = [...new Set([...expected.keys(), ...found.keys()])].filter((path) => expected.get(path) !== found.get(path));
  if (wrong.length > 0) {
    throw new DiskError(`the package does not read back as it was written: ${wrong.slice(0, 8).map(quoted).join(", ")}`);
  }
}

async function sumOf(content: AsyncIterable<Uint8Array>, onBytes: (count: number) => void): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of content) {
    hash.update(chunk);
    onBytes(chunk.length);
  }
  return hash.digest("hex");
}
