/**
 * Copying a file with holes. Node has no SEEK_HOLE, so holes are read as zeros, unless the number of the file's blocks tells that
 * there is nothing else left. Of a file that is mostly hole they are read past the page cache where the file system lets us: 4 GiB of
 * hole are half a second then, and otherwise many, with all that was in the cache thrown out.
 */

import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { BlockCount, STORED_UNIT } from "./block-count.js";
import { type FileSource, pathOf } from "./file-source.js";
import { likelyFirst, straight } from "./reading-order.js";
import { isZero } from "./zeros.js";

/** Read at once: stays in the processor's cache. */
const CHUNK = 256 << 10;
/** What is all zeros of this size and alignment is left out. */
const PIECE = 64 << 10;
/** Chunks after which signals get their turn. */
const TURN = 64;
/** From so much hole on, counting blocks costs less than reading it. */
const LARGE_HOLE = 64 << 20;
/** After so many chunks it is not worth going on with that: the count will not come out, or there is much data. */
const MOST_COUNTED = 1024;

/** Copies `source` to `target`, which must not exist, with zeros made holes. Signals get through meanwhile. Throws the system's error. */
export async function copySparse(source: FileSource, target: string): Promise<void> {
  const stored = fstatSync(source.descriptor).blocks * STORED_UNIT;
  const isMostlyHole = stored < source.size / 2;
  const direct = isMostlyHole ? openDirect(source) : undefined;
  const isWorthIt = direct !== undefined && source.size - stored >= LARGE_HOLE;
  let count = isWorthIt ? BlockCount.of(source.descriptor, direct, pages(2 * CHUNK).subarray(1, 1 + CHUNK)) : undefined;
  const to = openSync(target, "wx", 0o600);
  try {
    ftruncateSync(to, source.size);
    const chunk = pages(CHUNK);
    const chunks = Math.ceil(source.size / CHUNK);
    const order = count === undefined ? straight(0, chunks) : likelyFirst(chunks);
    let place = order.next();
    for (let done = 1; !place.done && !count?.isComplete(); done++) {
      const at = place.value * CHUNK;
      const bytes = chunk.subarray(0, readChunk(direct, source.descriptor, chunk, at));
      const hasData = !isZero(bytes);
      count?.add(bytes, at);
      if (hasData) {
        for (let piece = 0; piece < bytes.length; piece += PIECE)
          writeUnlessZero(to, bytes.subarray(piece, piece + PIECE), at + piece);
      }
      place = order.next(hasData);
      if (done === MOST_COUNTED) count = undefined;
      if (done % TURN === 0) await othersTurn();
    }
  } finally {
    closeSync(to);
    if (direct !== undefined) closeSync(direct);
  }
}

/** Lets signals and all else that waits have their turn. */
const othersTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** The part of WebAssembly that is used here: types for it come with the DOM or not at all. */
interface Engine {
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
}

/** Memory that begins at a page, as O_DIRECT asks for (open(2)): WebAssembly's does, a Buffer does not. Without it any memory. */
function pages(size: number): Buffer {
  const { WebAssembly: engine } = globalThis as unknown as { WebAssembly?: Engine };
  try {
    if (engine !== undefined) return Buffer.from(new engine.Memory({ initial: size >> 16 }).buffer);
  } catch {
    // Little address space (ulimit -v).
  }
  return Buffer.alloc(size);
}

function openDirect(source: FileSource): number | undefined {
  try {
    return openSync(pathOf(source), constants.O_RDONLY | constants.O_DIRECT);
  } catch {
    return undefined;
  }
}

/** As many bytes as there are, up to the size of the chunk. */
function readChunk(direct: number | undefined, descriptor: number, chunk: Buffer, at: number): number {
  let [length, count] = [0, 0];
  do {
    count = readOnce(length === 0 ? direct : undefined, descriptor, chunk.subarray(length), at + length);
    length += count;
  } while (count > 0 && length < chunk.length);
  return length;
}

/** What cannot be read directly, such as what begins inside a block, is read as usual. */
function readOnce(direct: number | undefined, descriptor: number, bytes: Buffer, at: number): number {
  if (direct !== undefined) {
    try {
      return readSync(direct, bytes, 0, bytes.length, at);
    } catch {
      // EINVAL, mostly; if the disk fails, the next line says so.
    }
  }
  return readSync(descriptor, bytes, 0, bytes.length, at);
}

function writeUnlessZero(to: number, bytes: Buffer, at: number): void {
  if (isZero(bytes)) return;
  for (let done = 0; done < bytes.length; ) done += writeSync(to, bytes, done, bytes.length - done, at + done);
}
