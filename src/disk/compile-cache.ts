/**
 * V8's compiled form of the command, kept in the user's cache folder, since compiling takes longer than most checks. It is code:
 * so it counts only where nobody but the user can have written it. Whatever is wrong, there simply is no cache.
 *
 * V8 takes the bytes as they are: where one is wrong, it crashes or never ends. So a file holds them twice, and counts only where
 * both are equal; a disk that lost its power may give zeros. Comparing takes a tenth of what loading zlib for a checksum does.
 *
 * src/disk/keep-compiled.ts writes it. What is here runs before all else, when V8 has compiled nothing of Node's modules that Node
 * itself did not need: so it uses few of their functions.
 */

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { scratch } from "./scratch.js";

/** What is read at most; the compiled command has about a megabyte, twice. */
const MOST_BYTES = 16 << 20;
const PIECE_BYTES = 1 << 16;

/** The folder: $XDG_CACHE_HOME/sandfit or ~/.cache/sandfit; undefined where there is none or caching is switched off. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string | undefined {
  const { SANDFIT_NO_CACHE: off, NODE_DISABLE_COMPILE_CACHE: alsoOff, XDG_CACHE_HOME: cache, HOME: home } = environment;
  if (off || alsoOff || process.geteuid === undefined) return undefined;
  if (cache?.startsWith("/")) return `${cache}/sandfit`;
  return home?.startsWith("/") ? `${home}/.cache/sandfit` : undefined;
}

/** Bytes that are kept in a file, as long as the process lives. */
export interface Kept {
  /** In bytes. */
  readonly size: number;
  /** Some of them, as they are until the next reading of anything; undefined where they are damaged or not there. */
  read(offset: number, length: number): Uint8Array | undefined;
}

/** What is kept under a name; undefined where that is missing, not ours, or open to others. */
export function openCache(folder: string, name: string): Kept | undefined {
  let descriptor: number | undefined;
  try {
    if (!isPrivateFolder(folder)) return undefined;
    descriptor = openSync(`${folder}/${name}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
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
        const bytes = scratch(PIECE_BYTES, length);
        if (readSync(descriptor, bytes, 0, length, offset) !== length) return undefined;
        return isRepeated(descriptor, bytes, size + offset) ? bytes : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

/** Whether the same bytes stand in the file at another place. Piece by piece, so that they stay in the processor's cache. */
function isRepeated(descriptor: number, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const size = Math.min(PIECE_BYTES, bytes.length - at);
    const piece = scratch(0, size);
    if (readSync(descriptor, piece, 0, size, start + at) !== size) return false;
    if (Buffer.compare(piece, bytes.subarray(at, at + size)) !== 0) return false;
  }
  return true;
}

/** Whether it is the user's, and closed to all others. */
export function isPrivateFolder(folder: string): boolean {
  const { mode, uid } = lstatSync(folder);
  // S_IFDIR, inode(7).
  return (mode & 0o170077) === 0o040000 && uid === process.geteuid?.();
}
