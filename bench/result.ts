/** What a fixed program costs: the instructions that it executes, and beside it what one would use instead of a fix. */

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sampleProgram } from "../test/fixtures/programs/index.js";
import { command, folder } from "./inputs.js";
import { inTurns, isThere } from "./turns.js";

const LOOP = "local s = 0 for i = 1, 20000000 do s = s + i end print(s)";
/** The least of some runs: a C library does more or less by the random bytes that the kernel gives it. */
const RUNS = 5;

/** The original and its fix, under one name in two folders. */
function pair(name: string, from: (path: string) => void): [string, string] {
  const original = join(folder, "original", name);
  const fixed = join(folder, "fixed", name);
  mkdirSync(join(folder, "original"), { recursive: true });
  mkdirSync(join(folder, "fixed"), { recursive: true });
  from(original);
  spawnSync(process.execPath, [command, "fix", original, "-o", fixed]);
  return [original, fixed];
}

/** Instructions by callgrind, without address randomisation and with an empty environment. */
function instructions(program: string, args: readonly string[]): number {
  const counts: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const line = ["-R", "valgrind", "--tool=callgrind", `--callgrind-out-file=${folder}/callgrind`, program, ...args];
    const { stderr } = spawnSync("setarch", line, { encoding: "utf8", env: { PATH: process.env["PATH"] } });
    counts.push(Number(/refs:\s+([\d,]+)/.exec(stderr)?.[1]?.replaceAll(",", "") ?? Number.NaN));
  }
  return Math.min(...counts);
}

export function benchResult(): (string | number)[][] {
  const rows: (string | number)[][] = [];
  const sample = pair("gs-call", (path) => writeFileSync(path, sampleProgram("gs-call").bytes, { mode: 0o755 }));
  const lua = join(process.env["SANDFIT_CORPUS"] ?? "SANDFIT_CORPUS", "v33-dbg", "lua.com.dbg");
  const programs: [string, [string, string], string[]][] = [["a small program", sample, []]];
  if (existsSync(lua)) {
    const both = pair("lua", (path) => copyFileSync(lua, path));
    programs.push(["lua of Cosmopolitan v3.3, print(1)", both, ["-e", "print(1)"]]);
  } else console.log("left out: lua of SANDFIT_CORPUS");
  if (isThere("valgrind", "--version")) {
    for (const [name, [original, fixed], args] of programs) {
      const before = instructions(original, args);
      const after = instructions(fixed, args);
      rows.push([`${name}, as it was`, before, "1"], [`${name}, fixed`, after, (after / before).toFixed(6)]);
    }
  } else console.log("left out: callgrind");
  const loop = programs[1];
  if (loop !== undefined) rows.push(...insteadOfAFix(loop[1]));
  return rows;
}

function insteadOfAFix([original, fixed]: readonly [string, string]): (string | number)[][] {
  const ways = [
    { name: "lua, a loop, as it was", program: original, args: ["-e", LOOP] },
    { name: "lua, a loop, fixed", program: fixed, args: ["-e", LOOP] },
    { name: "lua, a loop, in qemu-user", program: "qemu-x86_64-static", args: [original, "-e", LOOP] },
    { name: "lua, a loop, under ptrace (strace -f)", program: "strace", args: ["-f", "-o", "/dev/null", original, "-e", LOOP] },
    { name: "lua, a loop, in blink", program: "blink", args: ["-L", "/dev/null", original, "-e", LOOP] },
  ].filter(({ name, program }) => {
    if (isThere(program, "--version")) return true;
    console.log(`left out: ${name}`);
    return false;
  });
  const timings = inTurns(ways, RUNS);
  return ways.map(({ name }, index) => [
    name,
    (timings[index]!.least / 1000).toFixed(3),
    (timings[index]!.least / timings[0]!.least).toFixed(2),
  ]);
}
