/** Writing a file of 4 GiB: `fix` against cp, which does not wait for the disk either, in turns. Dense, and nearly all hole. */

import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { sampleProgram } from "../test/fixtures/programs/index.js";
import { writeLargeApe } from "../test/support/large.js";
import { command, folder } from "./inputs.js";
import { type Command, inTurns } from "./turns.js";

const MIB = 1024 ** 2;
const SIZE = 4096;
const RUNS = 5;

/** An APE without holes. */
function dense(path: string): void {
  const descriptor = openSync(path, "w", 0o755);
  writeSync(descriptor, sampleProgram("ape-gs").bytes);
  const part = Buffer.alloc(MIB, 7);
  for (let i = 0; i < SIZE; i++) writeSync(descriptor, part);
  closeSync(descriptor);
}

/** Rows of name, milliseconds (median and least), and both as multiples of cp's. */
export function benchLarge(): string[][] {
  const [path, output] = [join(folder, "large"), join(folder, "large.out")];
  const prepare = () => {
    for (const file of [output, `${output}.sandfit-undo.json`]) rmSync(file, { force: true });
  };
  const sandfit = (...args: string[]): Command => ({ program: process.execPath, args: [command, ...args], prepare });
  const cp: Command = { program: "cp", args: [path, output], prepare };
  const fix = sandfit("fix", path, "-o", output);
  const measured = (kind: string, ways: readonly (readonly [string, Command])[]): string[][] => {
    const timings = inTurns(
      ways.map(([, way]) => way),
      RUNS,
    );
    const [{ median, least }] = [timings[0]!];
    return ways.map(([name], index) => [
      `${name}, ${kind}`,
      `${timings[index]!.median.toFixed(0)} / ${timings[index]!.least.toFixed(0)} ms`,
      `${(timings[index]!.median / median).toFixed(2)} / ${(timings[index]!.least / least).toFixed(2)}`,
    ]);
  };
  dense(path);
  const synced: Command = { program: "sh", args: ["-c", 'cp "$1" "$2" && sync "$2"', "sh", path, output], prepare };
  const rows = measured("dense", [
    ["cp", cp],
    ["fix -o", fix],
    ["cp and sync", synced],
    ["fix --in-place", sandfit("fix", "--in-place", path)],
    ["undo", sandfit("undo", path)],
  ]);
  writeLargeApe(path, SIZE * MIB);
  rows.push(
    ...measured("nearly all hole", [
      ["cp", cp],
      ["fix -o", fix],
      ["node -e 0", { program: process.execPath, args: ["-e", "0"] }],
    ]),
  );
  prepare();
  rmSync(path);
  return rows;
}
