/** The zip archive at the end of a file, by its end record (PKWARE APPNOTE 6.3, section 4.3). */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { struct } from "../bytes/struct.js";
import type { ZipTail } from "./image.js";
import { ENTRY_SIGNATURE, firstLocalHeader } from "./zip-directory.js";

export { firstLocalHeader, readZipDirectory, type ZipEntry, zipDataOffset } from "./zip-directory.js";

const END_SIGNATURE = 0x06054b50;
const END64_SIGNATURE = 0x06064b50;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_SIZE = 20;
/** 4.3.16: the comment has up to 65,535 bytes; in front of it the record, the zip64 record and its locator. */
const mostTailBytes = 65535 + 22 + 20 + 56;
/** More end records than that within 64 KiB are no archive but an attempt. */
const mostCandidates = 64;

/** 4.3.16 End of central directory record */
const endRecord = struct({
  signature: "u32",
  disk: "u16",
  directoryDisk: "u16",
  entriesHere: "u16",
  entryCount: "u16",
  directorySize: "u32",
  directoryOffset: "u32",
  commentLength: "u16",
});
/** 4.3.14 Zip64 end of central directory record */
const end64Record = struct({
  signature: "u32",
  recordSize: "loose64",
  madeBy: "u16",
  needed: "u16",
  disk: "u32",
  directoryDisk: "u32",
  entriesHere: "loose64",
  entryCount: "loose64",
  directorySize: "loose64",
  directoryOffset: "loose64",
});

type EndFields = Record<"directorySize" | "directoryOffset" | "entryCount", number>;

/**
 * Finds the archive that ends a file, by its end record: the last one whose directory is where it says. Reads at most
 * 64 KiB and a little of the file's end, and the directory where that is within. Undefined where there is no archive.
 */
export async function findZipTail(source: ByteSource): Promise<ZipTail | undefined> {
  const length = Math.min(source.size, mostTailBytes);
  const base = source.size - length;
  const tail = new Reader(await source.read(base, length), "the end of the file", base);
  let candidates = 0;
  // By lastIndexOf, which is machine code: a loop of 64 KiB would be interpreted, and takes as long as all else of a check.
  const letterBefore = (end: number) => (end < 0 ? -1 : tail.bytes.lastIndexOf(END_SIGNATURE & 0xff, end));
  // A comment can hold the signature as well, so what the record says is tried before it is believed.
  for (let at = letterBefore(tail.length - endRecord.size); at >= 0 && candidates < mostCandidates; at = letterBefore(at - 1)) {
    if (tail.bytes[at + 1] !== ((END_SIGNATURE >> 8) & 0xff) || tail.u32(at) !== END_SIGNATURE) continue;
    candidates++;
    const found = await tryEndRecord(source, tail, at);
    if (found === undefined) continue;
    const isRead = found.directoryOffset >= base;
    return { ...found, firstLocalHeader: isRead ? await firstLocalHeader(source, found) : undefined };
  }
  return undefined;
}

async function tryEndRecord(
  source: ByteSource,
  tail: Reader,
  at: number,
): Promise<Omit<ZipTail, "firstLocalHeader"> | undefined> {
  const end = endRecord.read(tail, at);
  if (at + endRecord.size + end.commentLength > tail.length) return undefined;
  const wide = await readEnd64(source, tail, at);
  const { directorySize, directoryOffset, entryCount } = wide?.record ?? end;
  const directoryEnd = wide?.offset ?? tail.base + at;
  if (directorySize === 0 && entryCount > 0) return undefined;
  // The directory ends where the end records start; an archive that was moved as a whole no longer says so.
  for (const bias of new Set([0, directoryEnd - directorySize - directoryOffset])) {
    const start = directoryOffset + bias;
    if (!(start >= 0 && start + directorySize <= directoryEnd)) continue;
    if (directorySize > 0 && !(await hasSignature(source, start, ENTRY_SIGNATURE))) continue;
    return {
      endOffset: tail.base + at,
      zip64: wide !== undefined,
      directoryOffset: start,
      directorySize,
      entryCount,
      offsetBias: bias,
    };
  }
  return undefined;
}

/** 4.3.15: the locator stands right in front of the end record and tells where the zip64 record is. */
async function readEnd64(
  source: ByteSource,
  tail: Reader,
  endAt: number,
): Promise<{ record: EndFields; offset: number } | undefined> {
  const at = endAt - LOCATOR_SIZE;
  if (!tail.has(at, LOCATOR_SIZE) || tail.u32(at) !== LOCATOR_SIGNATURE) return undefined;
  // Where the archive was moved, the record still stands in front of its locator.
  for (const offset of [tail.clamped64(at + 8), tail.base + at - end64Record.size]) {
    if (!(offset >= 0 && offset + end64Record.size <= source.size)) continue;
    const reader = new Reader(await source.read(offset, end64Record.size), "the zip64 end record", offset);
    if (reader.has(0, end64Record.size) && reader.u32(0) === END64_SIGNATURE)
      return { record: end64Record.read(reader, 0), offset };
  }
  return undefined;
}

async function hasSignature(source: ByteSource, offset: number, signature: number): Promise<boolean> {
  const reader = new Reader(await source.read(offset, 4), "a zip signature", offset);
  return reader.has(0, 4) && reader.u32(0) === signature;
}
