/** The open file as yauzl reads it: what lies outside of the file is damage of the archive, and no exception of node's. */

import { fstatSync, read, readSync } from "node:fs";
import { Readable } from "node:stream";
import type { RandomAccessReader } from "yauzl";

const CHUNK = 1 << 18;

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

  class FileReader extends RandomAccessReader {
    override read(buffer: Buffer, offset: number, length: number, position: number, done: Done): void {
      if (isOutside(position, position + length)) setImmediate(done, outside());
      else read(descriptor, buffer, offset, length, position, done);
    }

    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(this.#chunks(start, end), { objectMode: false });
    }

    async *#chunks(start: number, end: number): AsyncGenerator<Buffer> {
      if (isOutside(start, end)) throw outside();
      for (let at = start; at < end; ) {
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK, end - at));
        const length = readSync(descriptor, chunk, 0, chunk.length, at);
        if (length === 0) throw outside();
        at += length;
        yield chunk.subarray(0, length);
      }
    }
  }
  return { reader: new FileReader(), size };
}
