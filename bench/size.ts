/** Cost against size: nothing for the zip at the end. */

import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { sampleProgram } from "../test/fixtures/programs/index.js";
import { command, folder } from "./inputs.js";
import { inTurns } from "./turns.js";
import { peakOf } from "./usage.js";

/** The end of an empty zip archive (APPNOTE.TXT, 4.3.16). */
const EMPTY_ZIP = Buffer.from("504b0506000000000000000000000000000000000000", "hex");

/** A faulty APE with a hole and a zip's end behind it, `size` bytes long. */
function sparse(size: number): string {
  const path = join(folder, `sparse-${size}`);
  writeFileSync(path, sampleProgram("ape-gs").bytes);
  const descriptor = openSync(path, "r+");
  writeSync(descriptor, EMPTY_ZIP, 0, EMPTY_ZIP.length, size - EMPTY_ZIP.length);
  closeSync(descriptor);
  return path;
}

export function benchSize(): (string | number)[][] {
  const sizes = [2 ** 20, 2 ** 27, 2 ** 30, 2 ** 32];
  const paths = sizes.map(sparse);
  const timings = inTurns(
    paths.map((path) => ({ program: process.execPath, args: [command, "check", path] })),
    5,
  );
  return sizes.map((size, index) => [
    "a small faulty APE and its zip",
    size / 2 ** 20,
    `${timings[index]!.median.toFixed(0)} / ${timings[index]!.least.toFixed(0)} ms`,
    peakOf([command, "check", paths[index]!]),
  ]);
}
