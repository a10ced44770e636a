/** Which archive a file is: by its first bytes, whatever it is called. */

import { constants, gunzipSync } from "node:zlib";
import { readStart } from "../../files/read-fully.js";
import type { ArchiveFormat } from "../../report/pack-model.js";

const BLOCK = 512;
/** As many bytes of a file's start as `recognise` needs at most: a tar's first header may need so many when it is packed. */
export const ARCHIVE_START_LENGTH = 4096;
const TAR_MAGIC_AT = 257;

/** Archives that are told and not read, by their first bytes. */
const unread: readonly (readonly [string, string])[] = [
  ["\xfd7zXZ\0", "an xz archive"],
  ["BZh", "a bzip2 archive"],
  ["\x28\xb5\x2f\xfd", "a zstd archive"],
  ["7z\xbc\xaf\x27\x1c", "a 7z archive"],
  ["Rar!", "a rar archive"],
];

/** The format of an archive that is read here. "gzip": something is packed, and it does not begin as a tar does. */
export function recognise(start: Uint8Array): Exclude<ArchiveFormat, "folder"> | "gzip" | undefined {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.length);
  const magic = bytes.toString("latin1", 0, 4);
  if (magic.startsWith("\x1f\x8b")) return beginsAsTar(inflatedStart(bytes)) ? "tar.gz" : "gzip";
  if (magic === "PK\x03\x04" || magic === "PK\x05\x06") return "zip";
  return beginsAsTar(bytes) ? "tar" : undefined;
}

/** What kind of archive a file is that is not read here, in words; undefined where it is none. */
export function unreadKind(start: Uint8Array): string | undefined {
  const text = Buffer.from(start.buffer, start.byteOffset, Math.min(start.length, 8)).toString("latin1");
  return unread.find(([magic]) => text.startsWith(magic))?.[1];
}

/** Whether a file is an archive in which programs can be looked for. What cannot be opened is none: who opens it as a file says why. */
export function isArchive(path: string): boolean {
  try {
    return isReadable(recognise(readStart(path, ARCHIVE_START_LENGTH)));
  } catch {
    return false;
  }
}

/** Whether a format has entries. */
export function isReadable(format: ReturnType<typeof recognise>): format is "tar" | "tar.gz" | "zip" {
  return format !== undefined && format !== "gzip";
}

/** The first bytes of what a gzip file unpacks to, as far as these of the file tell. */
function inflatedStart(start: Buffer): Buffer {
  try {
    // A flush at the end: that the stream is cut off there is no damage.
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

function beginsAsTar(start: Buffer): boolean {
  return start.toString("latin1", TAR_MAGIC_AT, TAR_MAGIC_AT + 5) === "ustar" || hasTarChecksum(start.subarray(0, BLOCK));
}

/** Old tar archives have no magic; their header's checksum counts its own eight bytes as blanks (ustar, "chksum"). */
function hasTarChecksum(header: Buffer): boolean {
  if (header.length < BLOCK) return false;
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i]!;
  const said = Number.parseInt(header.toString("latin1", 148, 156).replace(/\0.*$/, "").trim(), 8);
  return sum !== 8 * 0x20 && said === sum;
}
