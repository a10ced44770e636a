/** Reading from an open file: read(2) may give less than it was asked for. */

import { closeSync, constants, openSync, readSync } from "node:fs";

/** Fills `into` from a position of the file on, as far as the file goes; returns how many bytes there were. Throws the system's error. */
export function readFully(descriptor: number, into: Uint8Array, position: number): number {
  let done = 0;
  for (let count = -1; count !== 0 && done < into.length; done += count)
    count = readSync(descriptor, into, done, into.length - done, position + done);
  return done;
}

/** The first bytes of a file, at most `length`. Throws the system's error. */
export function readStart(path: string, length: number): Buffer {
  // O_NONBLOCK: opening a fifo must not wait for a writer.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const start = Buffer.alloc(length);
    return start.subarray(0, readFully(descriptor, start, 0));
  } finally {
    closeSync(descriptor);
  }
}
