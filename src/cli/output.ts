/** Printing: whole, and in colour only where a person looks. */

import { fstatSync, writeSync } from "node:fs";
import { reasonOf } from "../disk/file-source.js";
import { InputError } from "../errors.js";
import { type Paint, plain } from "../report/paint.js";

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;
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
export function paintForOutput(): Promise<Paint> {
  return paintFor(STANDARD_OUTPUT);
}

/** The same for standard error. */
export function paintForErrors(): Promise<Paint> {
  return paintFor(STANDARD_ERROR);
}

async function paintFor(descriptor: number): Promise<Paint> {
  const wanted = process.env["NO_COLOR"] === undefined || process.env["NO_COLOR"] === "";
  const forced = !["", "0", undefined].includes(process.env["FORCE_COLOR"]);
  if (!wanted || !(forced || (process.env["TERM"] !== "dumb" && (await isTerminal(descriptor))))) return plain;
  const { default: picocolors } = await import("picocolors");
  return picocolors.createColors(true);
}

/** Most output goes to a pipe or a file, and asking about a terminal loads Node's network modules. */
async function isTerminal(descriptor: number): Promise<boolean> {
  try {
    return fstatSync(descriptor).isCharacterDevice() && (await import("node:tty")).isatty(descriptor);
  } catch {
    return false; // it is closed
  }
}
