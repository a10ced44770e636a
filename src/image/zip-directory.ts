/** The members of a zip archive: its central directory and the data they lead to (PKWARE APPNOTE 6.3, section 4). */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { struct } from "../bytes/struct.js";
import { utf8Of } from "../bytes/text.js";
import { InputError } from "../errors.js";
import type { ZipTail } from "./image.js";

export const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_SIZE = 30;
/** A field that says that extra field 1 has it. */
const WIDE = 0xffffffff;
const mostDirectoryBytes = 256 * 1024 * 1024;

/** 4.3.12 Central directory structure */
const entryRecord = struct({
  signature: "u32",
  madeBy: "u16",
  needed: "u16",
  flags: "u16",
  method: "u16",
  time: "u16",
  date: "u16",
  crc: "u32",
  compressedSize: "u32",
  size: "u32",
  nameLength: "u16",
  extraLength: "u16",
  commentLength: "u16",
  disk: "u16",
  internal: "u16",
  external: "u32",
  localOffset: "u32",
});

/** Where the directory is: the part of a ZipTail that reading it needs. */
export type ZipDirectory = Pick<ZipTail, "directoryOffset" | "directorySize" | "offsetBias">;

/** One member, as the central directory has it. */
export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  /** General purpose flags; bit 0 is encryption. */
  readonly flags: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly crc: number;
  /** File offset of the local header, in bytes from the start of the file. */
  readonly localOffset: number;
}

/**
 * Reads the central directory, at most 256 MiB of it, and yields its members. Counts are not believed: it ends with the
 * directory's bytes or with the first record that is none. Throws InputError where the directory is larger than that.
 */
export async function* readZipDirectory(source: ByteSource, directory: ZipDirectory): AsyncGenerator<ZipEntry> {
  const reader = await loadDirectory(source, directory);
  for (const at of places(reader)) {
    const { nameAt, record, sizes } = recordAt(reader, at);
    yield {
      name: utf8Of(reader.slice(nameAt, record.nameLength)),
      method: record.method,
      flags: record.flags,
      crc: record.crc,
      size: sizes.size,
      compressedSize: sizes.compressedSize,
      localOffset: sizes.localOffset + directory.offsetBias,
    };
  }
}

/**
 * The lowest local header's file offset: everything before it is not the archive's. Undefined for an empty archive.
 * Throws InputError where the directory is larger than 256 MiB.
 */
export async function firstLocalHeader(source: ByteSource, directory: ZipDirectory): Promise<number | undefined> {
  const reader = await loadDirectory(source, directory);
  let lowest = Number.POSITIVE_INFINITY;
  for (const at of places(reader)) {
    const narrow = reader.u32(at + entryRecord.offsets.localOffset);
    const offset = (narrow === WIDE ? recordAt(reader, at).sizes.localOffset : narrow) + directory.offsetBias;
    if (offset >= 0 && offset < lowest) lowest = offset;
  }
  return Number.isFinite(lowest) ? lowest : undefined;
}

/**
 * File offset of a member's data. The local header's own name and extra lengths count, which may differ from the
 * directory's (4.3.7). Undefined where there is no local header or the data would pass the end of the file.
 */
export async function zipDataOffset(source: ByteSource, entry: ZipEntry): Promise<number | undefined> {
  if (!(entry.localOffset >= 0 && entry.localOffset + LOCAL_SIZE <= source.size)) return undefined;
  const local = new Reader(await source.read(entry.localOffset, LOCAL_SIZE), "a local header", entry.localOffset);
  if (!local.has(0, LOCAL_SIZE) || local.u32(0) !== LOCAL_SIGNATURE) return undefined;
  const offset = entry.localOffset + LOCAL_SIZE + local.u16(26) + local.u16(28);
  return offset + entry.compressedSize <= source.size ? offset : undefined;
}

async function loadDirectory(source: ByteSource, { directoryOffset, directorySize }: ZipDirectory): Promise<Reader> {
  if (directorySize > mostDirectoryBytes) {
    throw new InputError(`the zip directory has ${directorySize} bytes; Sandfit reads up to 256 MiB`, directoryOffset);
  }
  return new Reader(await source.read(directoryOffset, directorySize), "the zip directory", directoryOffset);
}

type EntryRecord = ReturnType<typeof entryRecord.read>;
type Sizes = Pick<ZipEntry, "size" | "compressedSize" | "localOffset">;

/** Where in the directory each record stands. */
function* places(reader: Reader): Generator<number> {
  const { nameLength, extraLength, commentLength } = entryRecord.offsets;
  for (let at = 0; reader.has(at, entryRecord.size) && reader.u32(at) === ENTRY_SIGNATURE; ) {
    const lengths = reader.u16(at + nameLength) + reader.u16(at + extraLength) + reader.u16(at + commentLength);
    const end = at + entryRecord.size + lengths;
    if (end > reader.length) return;
    yield at;
    at = end;
  }
}

function recordAt(reader: Reader, at: number): { nameAt: number; record: EntryRecord; sizes: Sizes } {
  const record = entryRecord.read(reader, at);
  const nameAt = at + entryRecord.size;
  const extraAt = nameAt + record.nameLength;
  return { nameAt, record, sizes: widened(reader, extraAt, extraAt + record.extraLength, record) };
}

/** 4.5.3: the fields that are all ones stand in extra field 1 instead, in this order and only those. */
function widened(reader: Reader, start: number, end: number, narrow: Sizes): Sizes {
  let { size, compressedSize, localOffset } = narrow;
  for (let at = start; at + 4 <= end; ) {
    const fieldEnd = Math.min(at + 4 + reader.u16(at + 2), end);
    if (reader.u16(at) === 1) {
      let next = at + 4;
      const take = (value: number): number => {
        if (value !== WIDE || next + 8 > fieldEnd) return value;
        next += 8;
        return reader.clamped64(next - 8);
      };
      size = take(size);
      compressedSize = take(compressedSize);
      localOffset = take(localOffset);
    }
    at = fieldEnd;
  }
  return { size, compressedSize, localOffset };
}
