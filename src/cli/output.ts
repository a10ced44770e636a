/** Printing: whole, and in colour only where a person looks. */

import { fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { reasonOf } from "../disk/file-source.js";
import { InputError } from "../errors.js";
import { type Paint, plain } from "../report/paint.js";

const STANDARD_OUTPUT = 1;
/** What Atomics.wait sleeps on between two attempts. */
const nobody = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of a text to standard output. Straight to the descriptor: process.stdout would load Node's network and
 * stream modules first, which takes longer than most checks.
 */
export async function print(text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(STANDARD_OUTPUT, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A reader that closed the pipe (`| head`) has what it wanted.
      if (code === "EPIPE") return;
      // A pipe that somebody set to non-blocking is full.
      if (code !== "EAGAIN") throw new InputError(`standard output cannot be written: ${reasonOf(error)}`);
      Atomics.wait(nobody, 0, 0, 5);
    }
  }
}

/** Colours for standard output: on a terminal, by NO_COLOR and FORCE_COLOR as everybody else does. */
export async function paintForOutput(): Promise<Paint> {
  const wanted = process.env["NO_COLOR"] === undefined || process.env["NO_COLOR"] === "";
  const forced = !["", "0", undefined].includes(process.env["FORCE_COLOR"]);
  if (!wanted || !(forced || (isTerminal() && process.env["TERM"] !== "dumb"))) return plain;
  const { default: picocolors } = await import("picocolors");
  return picocolors.createColors(true);
}

/** The major number of /dev/null and its kind (Linux, Documentation/admin-guide/devices.txt). */
const MEMORY_DEVICES = 1;

/** Asks for the kind of file first: isatty loads Node's network modules. */
function isTerminal(): boolean {
  try {
    const described = fstatSync(STANDARD_OUTPUT);
    return described.isCharacterDevice() && described.rdev >> 8 !== MEMORY_DEVICES && isatty(STANDARD_OUTPUT);
  } catch {
    // Standard output is closed.
    return false;
  }
}
