/** An archive or folder by its name: which format it has by its content, and its entries, metered. */

import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { InputError } from "../../errors.js";
import { reasonOf } from "../../files/file-source.js";
import { isFolder } from "../../files/place.js";
import { readFully } from "../../files/read-fully.js";
import { apeMagic } from "../../image/ape.js";
import type { ArchiveFormat } from "../../report/pack-model.js";
import type { ArchiveEntry } from "./entry.js";
import { readFolder, sizeOfFolder } from "./folder.js";
import { type Limits, Meter } from "./limits.js";
import { ARCHIVE_START_LENGTH, recognise, unreadKind } from "./recognise.js";
import { readTar } from "./tar.js";
import { readZip } from "./zip.js";

export interface Archive {
  readonly name: string;
  readonly format: ArchiveFormat;
  /** In bytes; of a folder, of all its files. */
  readonly size: number;
  /**
   * The entries in the order that they are stored in (a folder's: sorted). `onBytes` hears how many bytes of `size` were read.
   * Throws InputError with one sentence, which starts with the archive's name, for everything that is wrong with it.
   */
  entries(onBytes?: (count: number) => void): AsyncGenerator<ArchiveEntry>;
  /** Of the whole file, hexadecimal, once all entries were read; undefined for a folder. */
  sha256(): string | undefined;
  close(): void;
}

/** What is read at once, and of a smaller archive no more than its size. */
const CHUNK = 1 << 20;

/** How an archive is read, other than as pack does. */
export interface Reading {
  /** What to call it; default: its path. */
  readonly name?: string;
  /** Counts what comes out, for several archives together. */
  readonly meter?: Meter;
  /** For an archive inside another: its own bytes were counted as they came out of that. */
  readonly isInside?: boolean;
  /** Pass over devices, fifos and sockets, which layers of images have. */
  readonly withoutSpecial?: boolean;
}

/** Opens a tar, tar.gz, zip or folder. Throws InputError for everything else. */
export function openArchive(path: string, limits: Limits, reading: Reading = {}): Archive {
  const { name = path } = reading;
  if (path === "") throw new InputError("the name of an archive or folder is empty");
  if (isFolder(path)) return openFolder(path, limits);
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new InputError(`${name} cannot be opened: ${reasonOf(error)}`);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new InputError(`${name} is neither a file nor a folder`);
    const format = formatOf(descriptor, name);
    const hash = createHash("sha256");
    return {
      name,
      format,
      size: stats.size,
      entries: (onBytes = () => {}) => named(name, entriesOf(descriptor, format, hash, limits, reading, onBytes)),
      sha256: () => hash.copy().digest("hex"),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error instanceof InputError ? error : new InputError(`${name} cannot be read: ${reasonOf(error)}`);
  }
}

type Hash = ReturnType<typeof createHash>;

function entriesOf(
  descriptor: number,
  format: ArchiveFormat,
  hash: Hash,
  limits: Limits,
  { meter = new Meter(limits), isInside = false, withoutSpecial = false }: Reading,
  onBytes: (count: number) => void,
): AsyncGenerator<ArchiveEntry> {
  const file = fileChunks(descriptor, (chunk) => {
    hash.update(chunk);
    if (!isInside) meter.packed(chunk.length);
    onBytes(chunk.length);
  });
  // What a gzip stream unpacks to is metered as a whole, names included.
  if (format === "tar.gz") return counted(readTar(unpacked(file, meter), withoutSpecial), meter);
  return weighed(
    counted(format === "tar" ? readTar(file, withoutSpecial) : zipEntries(descriptor, file, meter, withoutSpecial), meter),
    meter,
  );
}

async function* counted(entries: AsyncIterable<ArchiveEntry>, meter: Meter): AsyncGenerator<ArchiveEntry> {
  for await (const entry of entries) {
    meter.entry();
    yield entry;
  }
}

async function* weighed(
  entries: AsyncIterable<ArchiveEntry>,
  meter: Meter,
  onBytes: (count: number) => void = () => {},
): AsyncGenerator<ArchiveEntry> {
  const content = async function* (entry: ArchiveEntry) {
    for await (const chunk of entry.content()) {
      meter.unpacked(chunk.length);
      onBytes(chunk.length);
      yield chunk;
    }
  };
  for await (const entry of entries) yield { ...entry, content: () => content(entry) };
}

/** A zip is read by position, so its bytes are counted and hashed in a pass of their own. */
async function* zipEntries(
  descriptor: number,
  file: AsyncIterable<Uint8Array>,
  meter: Meter,
  withoutSpecial: boolean,
): AsyncGenerator<ArchiveEntry> {
  for await (const _ of file);
  yield* readZip(descriptor, meter, withoutSpecial);
}

/** The bytes inside a gzip file, of all its members. */
async function* unpacked(packed: AsyncIterable<Uint8Array>, meter: Meter): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  const source = Readable.from(packed, { objectMode: false });
  source.once("error", (error) => gunzip.destroy(error));
  gunzip.once("close", () => source.destroy());
  try {
    for await (const chunk of source.pipe(gunzip)) {
      meter.unpacked(chunk.length);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { message } = error as Error;
    throw new InputError(
      message === "unexpected end of file" ? "the gzip stream is cut off" : `the gzip stream is damaged: ${message}`,
    );
  }
}

async function* fileChunks(descriptor: number, seen: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  const most = Math.min(CHUNK, fstatSync(descriptor).size + 1);
  for (let at = 0; ; ) {
    const chunk = Buffer.allocUnsafe(most);
    let length: number;
    try {
      length = readSync(descriptor, chunk, 0, most, at);
    } catch (error) {
      throw new InputError(`it cannot be read: ${reasonOf(error)}`);
    }
    if (length === 0) return;
    at += length;
    seen(chunk.subarray(0, length));
    yield chunk.subarray(0, length);
  }
}

function openFolder(path: string, limits: Limits): Archive {
  return {
    name: path,
    format: "folder",
    size: inSentence(path, () => sizeOfFolder(path)),
    entries: (onBytes = () => {}) => {
      const meter = new Meter(limits);
      return named(path, weighed(counted(readFolder(path), meter), meter, onBytes));
    },
    sha256: () => undefined,
    close: () => {},
  };
}

/** Puts the archive's name in front of every sentence about it, from entries and from their contents. */
async function* named(name: string, entries: AsyncIterable<ArchiveEntry>): AsyncGenerator<ArchiveEntry> {
  const content = async function* (entry: ArchiveEntry) {
    try {
      yield* entry.content();
    } catch (error) {
      throw withName(name, error);
    }
  };
  try {
    for await (const entry of entries) yield { ...entry, content: () => content(entry) };
  } catch (error) {
    throw withName(name, error);
  }
}

function withName(name: string, error: unknown): unknown {
  if (!(error instanceof InputError) || error.message.startsWith(`${name}: `)) return error;
  return new InputError(`${name}: ${error.message}`);
}

function inSentence<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw withName(name, error);
  }
}

/** Throws InputError, saying what the file is where that is known. */
function formatOf(descriptor: number, name: string): ArchiveFormat {
  const buffer = Buffer.alloc(ARCHIVE_START_LENGTH);
  const start = buffer.subarray(0, readFully(descriptor, buffer, 0));
  const format = recognise(start);
  // What is cut off or damaged at its very start is said when it is read.
  if (format !== undefined) return format === "gzip" ? "tar.gz" : format;
  if (start.length === 0) throw new InputError(`${name} is empty`);
  const text = start.toString("latin1", 0, 8);
  if (apeMagic(start) !== undefined || text.startsWith("\x7fELF")) {
    throw new InputError(`${name} is a program, not an archive of programs; \`sandfit fix\` is for that`);
  }
  const other = text === "!<arch>\n" ? "an ar archive (a library, or a Debian package)" : unreadKind(start);
  if (other !== undefined) throw new InputError(`${name} is ${other}; unpack it first: pack reads tar, tar.gz, zip and folders`);
  throw new InputError(`${name} is no archive: pack reads tar, tar.gz, zip and folders`);
}
