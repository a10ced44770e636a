/** How fast it is told that a healthy program has nothing that a rule looks for, against Buffer.indexOf over the same bytes. */

import { readFileSync } from "node:fs";
import { memorySource } from "../src/bytes/source.js";
import { check } from "../src/check.js";
import { executableParts } from "../test/x86/executable.js";
import { median } from "./turns.js";

const RUNS = 9;

export async function benchFirstLook(): Promise<(string | number)[][]> {
  const file = new Uint8Array(readFileSync(process.execPath));
  const code = Buffer.concat(executableParts(process.execPath).map(({ bytes }) => bytes));
  const absent = Buffer.from("\x01\x02absent", "latin1");
  const times = { indexOf: [] as number[], check: [] as number[] };
  for (let run = 0; run <= RUNS; run++) {
    const start = performance.now();
    code.indexOf(absent);
    const middle = performance.now();
    await check(memorySource(file, "node"));
    // The first turn is V8's.
    if (run > 0) times.indexOf.push(middle - start);
    if (run > 0) times.check.push(performance.now() - middle);
  }
  const rate = (all: readonly number[]) => code.length / 1e6 / median(all);
  return [
    ["Buffer.indexOf, one string", rate(times.indexOf).toFixed(2), "1.00"],
    ["check in memory, all rules", rate(times.check).toFixed(2), (rate(times.check) / rate(times.indexOf)).toFixed(2)],
  ];
}
