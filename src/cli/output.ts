/** Printing: whole, and in colour only where a person looks. */

import { type Paint, plain } from "../report/paint.js";

/** Writes to standard output and waits until it is taken, so that a pipe gets everything before the process ends. */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      // A reader that closed the pipe (`| head`) has what it wanted.
      if (error && (error as NodeJS.ErrnoException).code !== "EPIPE") reject(error);
      else resolve();
    });
  });
}

/** Colours for a stream: on a terminal, by NO_COLOR and FORCE_COLOR as everybody else does. */
export async function paintFor(stream: NodeJS.WriteStream): Promise<Paint> {
  const { default: picocolors } = await import("picocolors");
  const wanted = process.env["NO_COLOR"] === undefined || process.env["NO_COLOR"] === "";
  const forced = process.env["FORCE_COLOR"] !== undefined && process.env["FORCE_COLOR"] !== "0";
  return wanted && (stream.isTTY || forced) ? picocolors.createColors(true) : plain;
}
