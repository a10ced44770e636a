/** How fast it is told that a healthy program has nothing that a rule looks for, against Buffer.indexOf over the same bytes. */

import { readFileSync } from "node:fs";
import { memorySource } from "../src/bytes/source.js";
import { check } from "../src/check/check.js";
import { loadCodeSpace } from "../src/code/code-space.js";
import { looksOfEngine, WINDOW } from "../src/code/first-look.js";
import { findSightings } from "../src/code/sightings.js";
import { readImage } from "../src/image/detect.js";
import { executableParts } from "../test/support/executable.js";
import { median } from "./turns.js";

const RUNS = 9;
/** Turns that are V8's, before it has optimised what it will. */
const WARM = 6;

export async function benchFirstLook(): Promise<(string | number)[][]> {
  const file = new Uint8Array(readFileSync(process.execPath));
  const code = Buffer.concat(executableParts(process.execPath).map(({ bytes }) => bytes));
  const absent = Buffer.from("\x01\x02absent", "latin1");
  const look = looksOfEngine()!.forPatterns;
  const source = memorySource(file, "node");
  const view = (await readImage(source)).elf[0];
  const space = await loadCodeSpace(source, view);
  const times = { indexOf: [] as number[], look: [] as number[], sightings: [] as number[], check: [] as number[] };
  for (let run = 0; run < WARM + RUNS; run++) {
    const start = performance.now();
    code.indexOf(absent);
    const searched = performance.now();
    for (let from = 1; from < code.length; from += WINDOW) look(code, from, Math.min(WINDOW, code.length - from));
    const looked = performance.now();
    findSightings(space, view.sections);
    const found = performance.now();
    await check(source);
    const checked = performance.now();
    if (run < WARM) continue;
    times.indexOf.push(searched - start);
    times.look.push(looked - searched);
    times.sightings.push(found - looked);
    times.check.push(checked - found);
  }
  const rate = (all: readonly number[]) => code.length / 1e6 / median(all);
  const row = (name: string, all: readonly number[]) => [
    name,
    rate(all).toFixed(2),
    (rate(all) / rate(times.indexOf)).toFixed(2),
  ];
  return [
    row("Buffer.indexOf, one string", times.indexOf),
    row("the look for places alone (WebAssembly)", times.look),
    row("the first look of all rules", times.sightings),
    row("check in memory, all rules", times.check),
  ];
}
