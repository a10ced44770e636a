/** The open file as yauzl reads it: what lies outside of the file is damage of the archive, and no exception of node's. */

import { fstatSync, readSync } from "node:fs";
import { Readable } from "node:stream";
import type { RandomAccessReader } from "yauzl";

const CHUNK = 1 << 18;
/** Windows that are kept: one goes over the directory, one over the members. */
const WINDOWS = 4;
const WINDOW = 1 << 16;

type Done = (error: Error | null, count?: number) => void;

/**
 * A reader of the file, and its size. zip64 fields have 64 bits, and node throws where yauzl hands such a position on
 * (found by fuzzing: a directory at 2^63). The descriptor stays open.
 */
export async function zipReader(descriptor: number): Promise<{ reader: RandomAccessReader; size: number }> {
  const { RandomAccessReader } = await import("yauzl");
  const { size } = fstatSync(descriptor);
  const isOutside = (start: number, end: number) => !(start >= 0 && start <= end && end <= size);
  const outside = () => new Error("it names bytes outside of the file");

  const windowed = windowsOf(descriptor);

  class FileReader extends RandomAccessReader {
    override read(buffer: Buffer, offset: number, length: number, position: number, done: Done): void {
      if (isOutside(position, position + length)) setImmediate(done, outside());
      else process.nextTick(done, null, windowed(buffer.subarray(offset, offset + length), position));
    }

    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(this.#chunks(start, end), { objectMode: false });
    }

    async *#chunks(start: number, end: number): AsyncGenerator<Buffer> {
      if (isOutside(start, end)) throw outside();
      for (let at = start; at < end; ) {
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK, end - at));
        const length = windowed(chunk, at);
        if (length === 0) throw outside();
        at += length;
        yield chunk.subarray(0, length);
      }
    }
  }
  return { reader: new FileReader(), size };
}

interface Window {
  readonly at: number;
  readonly bytes: Buffer;
}

/**
 * Reads as `readSync` does, through a few windows on the file: a member of one byte takes four reads of some bytes, and each of them through
 * node's thread pool took longer than all the rest. Returns how many bytes were read.
 */
function windowsOf(descriptor: number): (into: Buffer, position: number) => number {
  const windows: Window[] = [];
  return (into, position) => {
    if (into.length > WINDOW / 4) return readSync(descriptor, into, 0, into.length, position);
    let index = windows.findIndex(({ at, bytes }) => position >= at && position + into.length <= at + bytes.length);
    if (index < 0) {
      const bytes = Buffer.allocUnsafe(WINDOW);
      index = windows.length;
      windows.push({ at: position, bytes: bytes.subarray(0, readSync(descriptor, bytes, 0, WINDOW, position)) });
    }
    const [window] = windows.splice(index, 1) as [Window];
    windows.unshift(window);
    if (windows.length > WINDOWS) windows.pop();
    return window.bytes.copy(into, 0, position - window.at);
  };
}
