/** Large files that take no space: an APE, a hole, and a zip64 archive at the end. */

import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { buildZip } from "../fixtures/images/zip-builder.js";
import { sampleProgram } from "../fixtures/programs/index.js";

export const GIB = 1024 ** 3;

/** Writes the sample program with its archive at `size`: a small program with a huge zip, as a llamafile is. */
export function writeLargeApe(path: string, size: number, sample = "ape-gs"): void {
  const descriptor = openSync(path, "w", 0o755);
  writeSync(descriptor, sampleProgram(sample).bytes);
  ftruncateSync(descriptor, size);
  const members = [{ name: "weights", bytes: Buffer.from("at the very end") }];
  writeSync(descriptor, buildZip({ members, at: size, zip64: true }).bytes, 0, undefined, size);
  closeSync(descriptor);
}

/** What can have changed: the start of the file, as long as the program was, and its end. */
export function endsOf(path: string, size: number, sample = "ape-gs"): { start: Buffer; end: Buffer } {
  const descriptor = openSync(path, "r");
  const start = Buffer.alloc(sampleProgram(sample).bytes.length);
  readSync(descriptor, start, 0, start.length, 0);
  const end = Buffer.alloc(4096);
  const length = readSync(descriptor, end, 0, end.length, size);
  closeSync(descriptor);
  return { start, end: end.subarray(0, length) };
}
