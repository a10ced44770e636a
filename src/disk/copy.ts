/** Copying a file: blocks shared where the file system can, holes kept, and interruptible. */

import { closeSync, constants, existsSync, fstatSync, ftruncateSync, openSync, promises, readSync, writeSync } from "node:fs";
import { setImmediate as othersTurn } from "node:timers/promises";
import { InputError } from "../errors.js";
import type { FileSource } from "./file-source.js";

const CHUNK = 4 << 20;
/** What is all zeros of this size and alignment is left out. */
const PIECE = 64 << 10;
const BLOCK = 512;

/**
 * Makes `target` share the blocks of `source`, in no time whatever the size; returns whether the file system can.
 * `target` must not exist.
 */
export async function shareBlocks(source: FileSource, target: string): Promise<boolean> {
  try {
    await promises.copyFile(placeOf(source), target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    // Most file systems cannot; what else is wrong shows when the bytes are copied.
    return false;
  }
}

/**
 * Copies `source` to `target`, which must not exist: within the kernel where the file is dense, and with zeros made holes
 * where it has holes. Signals get through meanwhile. Throws the system's error, and InputError where the source changes.
 */
export async function copyFile(source: FileSource, target: string): Promise<void> {
  const before = fstatSync(source.descriptor);
  const isSparse = before.blocks * BLOCK < before.size;
  if (isSparse) await copyChunks(source.descriptor, target);
  else await promises.copyFile(placeOf(source), target, constants.COPYFILE_EXCL);
  const after = fstatSync(source.descriptor);
  if (after.size !== source.size || after.mtimeMs !== before.mtimeMs) {
    throw new InputError(`${source.name} changed while it was being read`);
  }
}

/** A path for the open file itself, whatever has its name by now; the name where there is no /proc. */
function placeOf(source: FileSource): string {
  const path = `/proc/self/fd/${source.descriptor}`;
  return existsSync(path) ? path : source.path;
}

/** Node has no SEEK_HOLE: holes are read as zeros, which costs time but no space. */
async function copyChunks(from: number, target: string): Promise<void> {
  const to = openSync(target, "wx", 0o600);
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    let at = 0;
    for (let length = CHUNK; ; at += length) {
      length = readSync(from, chunk, 0, CHUNK, at);
      if (length === 0) break;
      for (let piece = 0; piece < length; piece += PIECE) {
        writeUnlessZero(to, chunk.subarray(piece, Math.min(piece + PIECE, length)), at + piece);
      }
      await othersTurn();
    }
    ftruncateSync(to, at);
  } finally {
    closeSync(to);
  }
}

const zeros = Buffer.alloc(PIECE);

function writeUnlessZero(to: number, bytes: Buffer, at: number): void {
  if (bytes.compare(zeros, 0, bytes.length) === 0) return;
  for (let done = 0; done < bytes.length; ) done += writeSync(to, bytes, done, bytes.length - done, at + done);
}
