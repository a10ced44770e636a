/** Copying a file: blocks shared where the file system can, holes kept, and interruptible. */

import { closeSync, constants, existsSync, fstatSync, ftruncateSync, openSync, promises, readSync, writeSync } from "node:fs";
import { setImmediate as othersTurn } from "node:timers/promises";
import { InputError } from "../errors.js";
import type { FileSource } from "./file-source.js";

/** Read at once: stays in the processor's cache. */
const CHUNK = 256 << 10;
/** What is all zeros of this size and alignment is left out. */
const PIECE = 64 << 10;
/** Chunks after which signals get their turn. */
const TURN = 64;
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
  const stored = before.blocks * BLOCK;
  if (stored < before.size) await copySparse(source, target, stored < before.size / 2);
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

/**
 * Node has no SEEK_HOLE, so holes are read as zeros. Of a file that is mostly hole that is done past the page cache where the
 * file system lets us: 4 GiB of hole are half a second then, and otherwise many, with all that was in the cache thrown out.
 */
async function copySparse(source: FileSource, target: string, isMostlyHole: boolean): Promise<void> {
  const direct = isMostlyHole ? openDirect(source) : undefined;
  const to = openSync(target, "wx", 0o600);
  try {
    const chunk = pages(CHUNK);
    let [at, chunks] = [0, 0];
    for (let length = CHUNK; ; at += length) {
      length = readChunk(direct, source.descriptor, chunk, at);
      if (length === 0) break;
      if (!isZero(chunk.subarray(0, length))) {
        for (let piece = 0; piece < length; piece += PIECE) {
          writeUnlessZero(to, chunk.subarray(piece, Math.min(piece + PIECE, length)), at + piece);
        }
      }
      if (++chunks % TURN === 0) await othersTurn();
    }
    ftruncateSync(to, at);
  } finally {
    closeSync(to);
    if (direct !== undefined) closeSync(direct);
  }
}

/** The part of WebAssembly that is used here: types for it come with the DOM or not at all. */
interface Engine {
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
}

/** Memory that begins at a page, as O_DIRECT asks for (open(2)): WebAssembly's does, a Buffer does not. Without it any memory. */
function pages(size: number): Buffer {
  const { WebAssembly: engine } = globalThis as unknown as { WebAssembly?: Engine };
  return engine === undefined ? Buffer.alloc(size) : Buffer.from(new engine.Memory({ initial: size >> 16 }).buffer);
}

function openDirect(source: FileSource): number | undefined {
  try {
    return openSync(placeOf(source), constants.O_RDONLY | constants.O_DIRECT);
  } catch {
    return undefined;
  }
}

/** What cannot be read directly, such as what begins inside a block, is read as usual. */
function readChunk(direct: number | undefined, descriptor: number, chunk: Buffer, at: number): number {
  if (direct !== undefined) {
    try {
      return readSync(direct, chunk, 0, CHUNK, at);
    } catch {
      // EINVAL, mostly; if the disk fails, the next line says so.
    }
  }
  return readSync(descriptor, chunk, 0, CHUNK, at);
}

const zeros = Buffer.alloc(CHUNK);

function isZero(bytes: Buffer): boolean {
  return bytes.compare(zeros, 0, bytes.length) === 0;
}

function writeUnlessZero(to: number, bytes: Buffer, at: number): void {
  if (isZero(bytes)) return;
  for (let done = 0; done < bytes.length; ) done += writeSync(to, bytes, done, bytes.length - done, at + done);
}
