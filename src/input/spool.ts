/** Streams of unknown length, put into files of their own so that they can be read by position. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { DiskError } from "../errors.js";
import { reasonOf } from "../files/file-source.js";
import { isProgramStart, isScriptStart, START_LENGTH } from "./programs.js";

/** Bytes that were put into a file. */
export interface Spooled {
  readonly file: string;
  /** In bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Whether it begins as ELF or APE. */
  readonly isProgram: boolean;
  /** Whether it begins with `#!`. */
  readonly isScript: boolean;
}

/** The first bytes of a stream; the stream with them; and a way to leave it without reading on. */
export async function peek(
  content: AsyncIterable<Uint8Array>,
  count: number,
): Promise<{
  readonly start: Uint8Array;
  readonly whole: AsyncIterable<Uint8Array>;
  leave(): Promise<void>;
}> {
  const iterator = content[Symbol.asyncIterator]();
  let read = Buffer.alloc(0);
  let isAtEnd = false;
  while (read.length < count && !isAtEnd) {
    const next = await iterator.next();
    if (next.done === true) isAtEnd = true;
    else read = Buffer.concat([read, next.value]);
  }
  const whole = (async function* () {
    if (read.length > 0) yield read;
    if (!isAtEnd) yield* { [Symbol.asyncIterator]: () => iterator };
  })();
  return {
    start: read.subarray(0, count),
    whole,
    leave: async () => {
      await iterator.return?.();
    },
  };
}

/** Writes a stream to a new file that only this user may read. What the stream throws comes through; the disk throws InputError. */
export async function spool(content: AsyncIterable<Uint8Array>, file: string): Promise<Spooled> {
  const hash = createHash("sha256");
  let start = Buffer.alloc(0);
  let size = 0;
  const out = await onDisk(() => open(file, "wx", 0o600));
  try {
    for await (const chunk of content) {
      if (start.length < START_LENGTH) start = Buffer.concat([start, chunk.subarray(0, START_LENGTH)]);
      hash.update(chunk);
      size += chunk.length;
      await onDisk(() => out.writeFile(chunk));
    }
  } finally {
    await out.close();
  }
  return { file, size, sha256: hash.digest("hex"), isProgram: isProgramStart(start), isScript: isScriptStart(start) };
}

async function onDisk<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new DiskError(`a temporary file cannot be written: ${reasonOf(error)}`);
  }
}

/** SHA-256 of a file, hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest("hex");
}
