/** Copying a file: blocks shared where the file system can, zeros left out where it has holes, and interruptible. */

import { closeSync, constants, copyFileSync, fstatSync, ftruncateSync, openSync, promises, writeSync } from "node:fs";
import { setImmediate as othersTurn } from "node:timers/promises";
import { InputError } from "../errors.js";
import { type FileSource, pathOf } from "../files/file-source.js";
import { readFully } from "../files/read-fully.js";

/** stat(2) counts a file's blocks in this many bytes, whatever size they have. */
const STORED_UNIT = 512;

/**
 * Copies `source` to `target`, which must not exist: by sharing blocks where the file system can. With `onlyByShare` it returns false,
 * and nothing is done, where that cannot be. Signals get through meanwhile. Throws the system's error, and InputError where the source
 * changes.
 */
export async function copyOf(source: FileSource, target: string, onlyByShare: boolean): Promise<boolean> {
  const before = fstatSync(source.descriptor);
  const hasHoles = before.blocks * STORED_UNIT < before.size;
  if ((onlyByShare || hasHoles) && shareBlocks(source, target)) return true;
  if (onlyByShare) return false;
  if (hasHoles) await copyWithoutZeros(source, target);
  else await promises.copyFile(pathOf(source), target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const after = fstatSync(source.descriptor);
  if (after.size !== source.size || after.mtimeMs !== before.mtimeMs) {
    throw new InputError(`${source.name} changed while it was being read`);
  }
  return true;
}

/** Makes `target` share the blocks of `source`, in no time whatever the size; returns whether the file system can. */
function shareBlocks(source: FileSource, target: string): boolean {
  try {
    copyFileSync(pathOf(source), target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    // Most file systems cannot; what else is wrong shows when the bytes are copied.
    return false;
  }
}

/** Read at once. */
const CHUNK = 1 << 20;
/** What is all zeros of this size and alignment is left out. */
const zeros = Buffer.alloc(1 << 16);

async function copyWithoutZeros(source: FileSource, target: string): Promise<void> {
  const to = openSync(target, "wx", 0o600);
  try {
    ftruncateSync(to, source.size);
    const chunk = Buffer.alloc(CHUNK);
    for (let at = 0; at < source.size; at += CHUNK) {
      const size = readFully(source.descriptor, chunk, at);
      for (let start = 0; start < size; start += zeros.length) {
        const piece = chunk.subarray(start, Math.min(size, start + zeros.length));
        if (piece.compare(zeros, 0, piece.length) !== 0) writeFully(to, piece, at + start);
      }
      await othersTurn();
    }
  } finally {
    closeSync(to);
  }
}

function writeFully(descriptor: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
}
