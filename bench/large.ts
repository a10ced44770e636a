/** Writing a large file: `fix` against cp, and against cp that waits for the disk as fix does. Medians of one run, in turns. */

import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { sampleProgram } from "../test/fixtures/programs/index.js";

const MIB = 1024 ** 2;
const SIZE = 1024;
const RUNS = 5;

export interface LargeRow {
  readonly name: string;
  readonly milliseconds: number;
  /** Times as long as cp that waits for the disk. */
  readonly ratio: number;
}

/** Measures with an APE of 1 GiB without holes in `folder`; `command` is the built command. */
export function benchLarge(folder: string, command: string): LargeRow[] {
  const [path, output] = [join(folder, "large"), join(folder, "large.out")];
  const descriptor = openSync(path, "w", 0o755);
  writeSync(descriptor, sampleProgram("ape-gs").bytes);
  const part = Buffer.alloc(MIB, 7);
  for (let i = 0; i < SIZE; i++) writeSync(descriptor, part);
  closeSync(descriptor);
  const node = (...args: string[]) => [process.execPath, command, ...args];
  const ways: readonly (readonly [string, readonly string[]])[] = [
    ["cp and sync", ["sh", "-c", 'cp "$1" "$2" && sync "$2"', "sh", path, output]],
    ["cp", ["cp", path, output]],
    ["fix -o", node("fix", path, "-o", output)],
    ["fix --in-place", node("fix", "--in-place", path)],
    ["undo", node("undo", path)],
  ];
  const times = ways.map((): number[] => []);
  for (let run = 0; run <= RUNS; run++) {
    for (const [index, [, [program, ...args]]] of ways.entries()) {
      rmSync(output, { force: true });
      rmSync(`${output}.sandfit-undo.json`, { force: true });
      spawnSync("sync");
      const start = performance.now();
      spawnSync(program!, args, { stdio: "ignore" });
      if (run > 0) times[index]!.push(performance.now() - start);
    }
  }
  rmSync(path);
  rmSync(output, { force: true });
  const medians = times.map((values) => values.sort((a, b) => a - b)[values.length >> 1]!);
  return ways.map(([name], index) => ({ name, milliseconds: medians[index]!, ratio: medians[index]! / medians[0]! }));
}
