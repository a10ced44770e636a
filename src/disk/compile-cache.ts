/**
 * V8's compiled form of the command, kept in the user's cache folder, since compiling takes longer than most checks. It is code:
 * so it counts only where nobody but the user can have written it. Whatever is wrong, there simply is no cache.
 *
 * V8 takes the bytes as they are: where one is wrong, it crashes or never ends. So a file holds them twice, and counts only where
 * both are equal; a disk that lost its power may give zeros. Comparing takes a tenth of what loading zlib for a checksum does.
 */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, isAbsolute, join } from "node:path";

/** What is read at most; the compiled command has about a megabyte, twice. */
const MOST_BYTES = 16 << 20;
const PIECE_BYTES = 1 << 16;

/** The folder: $XDG_CACHE_HOME/sandfit or ~/.cache/sandfit; undefined where there is none or caching is switched off. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string | undefined {
  const { SANDFIT_NO_CACHE: off, NODE_DISABLE_COMPILE_CACHE: alsoOff, XDG_CACHE_HOME: cache, HOME: home } = environment;
  if (off || alsoOff || process.geteuid === undefined) return undefined;
  if (cache !== undefined && isAbsolute(cache)) return join(cache, "sandfit");
  return home !== undefined && isAbsolute(home) ? join(home, ".cache", "sandfit") : undefined;
}

/** Bytes that are kept in a file, as long as the process lives. */
export interface Kept {
  /** In bytes. */
  readonly size: number;
  /** Some of them; undefined where they are damaged or not there. */
  read(offset: number, length: number): Buffer | undefined;
}

/** What is kept under a name; undefined where that is missing, not ours, or open to others. */
export function openCache(folder: string, name: string): Kept | undefined {
  let descriptor: number | undefined;
  try {
    const path = join(folder, name);
    // To make an error and its trace takes longer than all of this.
    if (!isPrivateFolder(folder) || lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { size, uid, mode, nlink } = fstatSync(descriptor);
    const isOurs = uid === process.geteuid?.() && (mode & 0o170077) === 0o100000 && nlink === 1;
    if (isOurs && size > 0 && size <= MOST_BYTES && size % 2 === 0) return keptIn(descriptor, size / 2);
  } catch {
    // There is none, then.
  }
  if (descriptor !== undefined) closeSync(descriptor);
  return undefined;
}

function keptIn(descriptor: number, size: number): Kept {
  return {
    size,
    read(offset, length) {
      if (!(offset >= 0 && length >= 0 && offset + length <= size)) return undefined;
      try {
        const bytes = Buffer.allocUnsafeSlow(length);
        if (readSync(descriptor, bytes, 0, length, offset) !== length) return undefined;
        return isRepeated(descriptor, bytes, size + offset) ? bytes : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

/** What a process that was killed may have left of a file, or one at this moment writes, which then goes without. */
const isTemporary = (name: string) => /\.\d+$/.test(name);

/** Whether the same bytes stand in the file at another place. Piece by piece: memory that is new to the process takes longer than reading. */
function isRepeated(descriptor: number, bytes: Buffer, start: number): boolean {
  const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, bytes.length));
  for (let at = 0; at < bytes.length; at += piece.length) {
    const size = Math.min(piece.length, bytes.length - at);
    if (readSync(descriptor, piece, 0, size, start + at) !== size) return false;
    if (piece.compare(bytes, at, at + size, 0, size) !== 0) return false;
  }
  return true;
}

/** Keeps bytes under a name, whole or not at all, and removes what other builds have left (`isCurrent` says which are not). */
export function writeCache(folder: string, name: string, bytes: Uint8Array, isCurrent: (name: string) => boolean): void {
  try {
    if (!makePrivateFolder(folder)) return;
    const temporary = join(folder, `${name}.${process.pid}`);
    try {
      writeFileSync(temporary, Buffer.concat([bytes, bytes]), { mode: 0o600, flag: "wx" });
      renameSync(temporary, join(folder, name));
    } catch {
      // What a full disk has taken of it must not stay there.
      rmSync(temporary, { force: true });
    }
    for (const other of readdirSync(folder))
      if (!isCurrent(other) || isTemporary(other)) rmSync(join(folder, other), { force: true });
  } catch {
    // A read-only or full disk: the next start compiles again.
  }
}

function isPrivateFolder(folder: string): boolean {
  const described = lstatSync(folder);
  return described.isDirectory() && described.uid === process.geteuid?.() && (described.mode & 0o077) === 0;
}

/** Makes the folder where its parent, or the parent's parent, is the user's own: not in the home of another (sudo keeps HOME). */
function makePrivateFolder(folder: string): boolean {
  if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) return isPrivateFolder(folder);
  const parent = dirname(folder);
  const existing = statSync(parent, { throwIfNoEntry: false });
  if ((existing ?? statSync(dirname(parent))).uid !== process.geteuid?.()) return false;
  if (existing === undefined) mkdirSync(parent, { mode: 0o700 });
  mkdirSync(folder, { mode: 0o700 });
  return isPrivateFolder(folder);
}
