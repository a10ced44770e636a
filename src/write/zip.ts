/** Zip with the same bytes for the same items, at any time and on any machine (APPNOTE 6.3.10, without zip64). */

import { createReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { InputError } from "../errors.js";
import type { FileItem } from "./item.js";
import { deflated } from "./tar.js";

const DEFLATED = 8;
/** 2.0: deflate. */
const VERSION = 20;
const UNIX = 3 << 8;
/** The name is UTF-8. */
const UTF8 = 0x800;
/** 1980-01-01, 00:00, the first that zip can say. */
const [DATE, TIME] = [0x21, 0];
const S_IFREG = 0o100000;
/** What fits without zip64, which older readers do not know. */
const MOST_SIZE = 0xffff_fffe;
const MOST_ENTRIES = 0xfffe;

/** Writes files as a zip to an open, empty file, in their order. Throws InputError for more than zip holds without its extension. */
export async function writeZip(items: readonly FileItem[], out: FileHandle, onBytes: (count: number) => void): Promise<void> {
  if (items.length > MOST_ENTRIES) throw new InputError(`a zip holds no more than ${MOST_ENTRIES} files here`);
  const directory: Buffer[] = [];
  let at = 0;
  const put = async (bytes: Uint8Array) => {
    await writeAt(out, bytes, at);
    at += bytes.length;
    if (at > MOST_SIZE) throw new InputError("a zip of more than 4 GiB is not written here");
  };
  for (const { path, mode, content } of items) {
    if (content.size > MOST_SIZE) throw new InputError(`${path} has more than 4 GiB, which is not written into a zip here`);
    const name = Buffer.from(path);
    const start = at;
    // The sizes are known when the bytes are written: until then there are zeros.
    await put(Buffer.alloc(30));
    await put(name);
    const from = at;
    let sum = 0;
    const bytes = async function* () {
      for await (const chunk of createReadStream(content.file, { highWaterMark: 256 * 1024 })) {
        sum = crc32(chunk, sum);
        onBytes(chunk.length);
        yield chunk as Uint8Array;
      }
    };
    for await (const chunk of deflated(bytes())) await put(chunk);
    const common = fields([VERSION, UTF8, DEFLATED, TIME, DATE], [sum, at - from, content.size], [name.length, 0]);
    await writeAt(out, Buffer.concat([fields([], [0x04034b50], []), common]), start);
    const more = fields([0, 0, 0], [((S_IFREG | mode) << 16) >>> 0, start], []);
    directory.push(fields([], [0x02014b50], [UNIX | VERSION]), common, more, name);
  }
  const start = at;
  for (const part of directory) await put(part);
  await put(fields([], [0x06054b50], [0, 0, items.length, items.length]));
  await put(fields([], [at - 12 - start, start], [0]));
}

/** write(2) may take less than it is given. */
async function writeAt(out: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await out.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}

/** Little-endian: some fields of two bytes, then of four, then of two. */
function fields(first: readonly number[], second: readonly number[], third: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * first.length + 4 * second.length + 2 * third.length);
  let at = 0;
  for (const value of first) at = bytes.writeUInt16LE(value, at);
  for (const value of second) at = bytes.writeUInt32LE(value, at);
  for (const value of third) at = bytes.writeUInt16LE(value, at);
  return bytes;
}
