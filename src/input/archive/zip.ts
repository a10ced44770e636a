/** Entries of a zip archive, by yauzl: the central directory decides, as unzip has it. */

import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { InputError } from "../../errors.js";
import { type ArchiveEntry, noContent, specialKind } from "./entry.js";
import type { Meter } from "./limits.js";
import { decodeName, quoted, safePath } from "./names.js";
import { zipReader } from "./zip-reader.js";

const STORED = 0;
const DEFLATED = 8;
/** "Version made by", upper byte (APPNOTE 4.4.2.2): systems whose external attributes hold a Unix mode. */
const UNIX = [3, 19];
const S_IFLNK = 0o120000;
const LONGEST_LINK = 4096;

/** The entries of the zip archive in an open file. Throws InputError as readTar does. The descriptor stays open. */
export async function* readZip(descriptor: number, meter: Meter, withoutSpecial = false): AsyncGenerator<ArchiveEntry> {
  const zip = await open(descriptor);
  meter.entries(zip.entryCount);
  for (let entry = await next(zip); entry !== undefined; entry = await next(zip)) {
    const found = await entryOf(zip, entry, withoutSpecial);
    if (found !== undefined) yield found;
  }
}

async function open(descriptor: number): Promise<ZipFile> {
  const { fromRandomAccessReader } = await import("yauzl");
  const { reader, size } = await zipReader(descriptor);
  return new Promise((resolve, reject) => {
    const options = { lazyEntries: true, decodeStrings: false, autoClose: false, validateEntrySize: true };
    fromRandomAccessReader(reader, size, options, (error, zip) => (error ? reject(damaged(error)) : resolve(zip)));
  });
}

function next(zip: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => {
      zip.removeAllListeners();
      settle();
    };
    zip.once("entry", (entry: Entry) => done(() => resolve(entry)));
    zip.once("end", () => done(() => resolve(undefined)));
    zip.once("error", (error: Error) => done(() => reject(damaged(error))));
    zip.readEntry();
  });
}

async function entryOf(zip: ZipFile, entry: Entry, withoutSpecial: boolean): Promise<ArchiveEntry | undefined> {
  // With decodeStrings off these are bytes, whatever the types say.
  const name = decodeName(entry.fileName as unknown as Uint8Array);
  const path = safePath(name);
  const isUnix = UNIX.includes(entry.versionMadeBy >>> 8);
  const mode = isUnix ? entry.externalFileAttributes >>> 16 : 0;
  const base = { path, mode: (mode & 0o7777) === 0 ? undefined : mode & 0o7777, target: undefined, content: noContent };
  if (name.endsWith("/")) return path === "" ? undefined : { ...base, kind: "folder" };
  if (path === "") throw new InputError(`entry ${quoted(name)} is a file without a name`);
  if (entry.isEncrypted()) throw new InputError(`entry ${quoted(name)} is encrypted`);
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    throw new InputError(`entry ${quoted(name)} is packed by method ${entry.compressionMethod}; only deflate is read here`);
  }
  if ((mode & 0o170000) === S_IFLNK) {
    if (entry.uncompressedSize > LONGEST_LINK) throw new InputError(`entry ${quoted(name)} is a link of more than 4096 bytes`);
    const parts: Uint8Array[] = [];
    for await (const part of contentOf(zip, entry, name)) parts.push(part);
    return { ...base, kind: "symlink", target: decodeName(Buffer.concat(parts)) };
  }
  const special = specialKind(mode);
  if (special !== undefined) {
    if (withoutSpecial) return undefined;
    throw new InputError(`entry ${quoted(name)} is ${special}; only files, folders and links are packed`);
  }
  return { ...base, kind: "file", content: () => contentOf(zip, entry, name) };
}

/** The bytes of an entry, of the size and with the checksum that the directory says. */
async function* contentOf(zip: ZipFile, entry: Entry, name: string): AsyncGenerator<Uint8Array> {
  let sum = 0;
  try {
    const stream = await new Promise<AsyncIterable<Uint8Array>>((resolve, reject) => {
      zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    for await (const chunk of stream) {
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof InputError ? error : damaged(error as Error, name);
  }
  if (sum !== entry.crc32) throw new InputError(`entry ${quoted(name)} is damaged: its checksum is another one`);
}

function damaged({ message }: Error, name?: string): InputError {
  const where = name === undefined ? "the zip archive" : `entry ${quoted(name)}`;
  return new InputError(`${where} is damaged: ${message.replace(/^./, (first) => first.toLowerCase()).replace(/\.$/, "")}`);
}
