/** Printing: whole, and in colour only where a person looks. */

import { fstatSync, writeSync } from "node:fs";
import { DiskError } from "../errors.js";
import { reasonOf } from "../files/file-source.js";
import { type Paint, plain } from "../report/paint.js";

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;
/** What Atomics.wait sleeps on between two attempts. */
const nobody = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of a text to standard output. Straight to the descriptor: process.stdout would load Node's network and
 * stream modules first, which takes longer than most checks. Throws InputError where it cannot be written.
 */
export async function print(text: string): Promise<void> {
  printNow(text);
}

/** The same, done when it returns. */
export function printNow(text: string): void {
  try {
    writeAll(STANDARD_OUTPUT, text);
  } catch (error) {
    // A reader that closed the pipe (`| head`) has what it wanted.
    if ((error as NodeJS.ErrnoException).code !== "EPIPE")
      throw new DiskError(`standard output cannot be written: ${reasonOf(error)}`);
  }
}

/** Writes a text to standard error. Where nobody can read that, there is nobody to tell: the exit code has to do. */
export function complain(text: string): void {
  try {
    writeAll(STANDARD_ERROR, text);
  } catch {
    // Full, or closed.
  }
}

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      // A pipe that somebody set to non-blocking is full.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(nobody, 0, 0, 5);
    }
  }
}

/** What `--color` can be. */
export const colorChoices = ["auto", "always", "never"] as const;
type ColorChoice = (typeof colorChoices)[number];

let color: ColorChoice = "auto";

/** Sets what `--color` asked for; default: as on a terminal, by NO_COLOR and FORCE_COLOR. */
export function setColor(choice: ColorChoice): void {
  color = choice;
}

/** Colours for standard output: on a terminal, by NO_COLOR and FORCE_COLOR as everybody else does, or by `--color`. */
export function paintForOutput(): Promise<Paint> {
  return paintFor(STANDARD_OUTPUT);
}

/** The same for standard error. */
export function paintForErrors(): Promise<Paint> {
  return paintFor(STANDARD_ERROR);
}

async function paintFor(descriptor: number): Promise<Paint> {
  if (color === "never" || (color === "auto" && !(await wantsColor(descriptor)))) return plain;
  const { default: picocolors } = await import("picocolors");
  return picocolors.createColors(true);
}

async function wantsColor(descriptor: number): Promise<boolean> {
  const wanted = process.env["NO_COLOR"] === undefined || process.env["NO_COLOR"] === "";
  const forced = !["", "0", undefined].includes(process.env["FORCE_COLOR"]);
  return wanted && (forced || (process.env["TERM"] !== "dumb" && (await isTerminal(descriptor))));
}

/** The terminal's columns; none for a file or a pipe, whose lines stay whole. */
export async function widthOfOutput(): Promise<{ width?: number }> {
  if (!(await isTerminal(STANDARD_OUTPUT))) return {};
  const { columns } = process.stdout;
  return columns > 0 ? { width: columns } : {};
}

/** Most output goes to a pipe or a file, and asking about a terminal loads Node's network modules. */
async function isTerminal(descriptor: number): Promise<boolean> {
  try {
    return fstatSync(descriptor).isCharacterDevice() && (await import("node:tty")).isatty(descriptor);
  } catch {
    return false; // it is closed
  }
}
