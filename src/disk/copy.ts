/** Copying a file: blocks shared where the file system can, holes kept, and interruptible. */

import { closeSync, constants, copyFileSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { setImmediate as othersTurn } from "node:timers/promises";

const CHUNK = 4 << 20;

/**
 * Copies `source` to `target`, which must not exist, readable by the owner alone. Zeros become holes, so that a sparse
 * file stays one. Lets signals through between chunks: a copy of gigabytes can be interrupted.
 */
export async function copyFile(source: string, target: string): Promise<void> {
  try {
    copyFileSync(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return;
  } catch (error) {
    // Most file systems cannot share blocks; what else is wrong shows below.
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
  }
  const from = openSync(source, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const to = openSync(target, "wx", 0o600);
    try {
      await copyChunks(from, to);
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
}

async function copyChunks(from: number, to: number): Promise<void> {
  const chunk = Buffer.allocUnsafe(CHUNK);
  const zeros = Buffer.alloc(CHUNK);
  let at = 0;
  for (;;) {
    const length = readSync(from, chunk, 0, CHUNK, at);
    if (length === 0) break;
    if (chunk.compare(zeros, 0, length, 0, length) !== 0) {
      for (let done = 0; done < length; ) done += writeSync(to, chunk, done, length - done, at + done);
    }
    at += length;
    await othersTurn();
  }
  ftruncateSync(to, at);
}
