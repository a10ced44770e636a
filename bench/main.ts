/** `npm run bench`: decoding against its peers, whole commands against an empty node, and more, as ratios in one run. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { rehearsalCommand } from "../src/environments/rehearsal/rehearse.js";
import { hostRunsLinux } from "../src/environments/run/sandbox.js";
import { benchCodeSize } from "./code-size.js";
import { benchDecode } from "./decode.js";
import { benchFirstLook } from "./first-look.js";
import { benchFolder } from "./folder.js";
import { command, corpus, folder, inputs, root } from "./inputs.js";
import { benchLarge } from "./large.js";
import { benchResult } from "./result.js";
import { benchSize } from "./size.js";
import { inTurns, type Timing } from "./turns.js";

const RUNS = 15;
const runsc = "/opt/gvisor/20240729/runsc";

function print(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const table = new Table({ style: { head: [], border: [] }, head: [...head] });
  table.push(...rows.map((row) => row.map(String)));
  console.log(`${table}\n`);
}

async function decoding(): Promise<void> {
  for (const [name, path] of [
    ["node", process.execPath],
    ["gdb", "/usr/bin/gdb"],
    ["Debian's CPython", "/usr/bin/python3.11"],
    ["make of Cosmopolitan", join(corpus, "blobs-gs", "make-863bcf66")],
    ["CPython of Cosmopolitan v4.0.2", join(corpus, "v40-dbg", "python.dbg")],
  ] as const) {
    if (!existsSync(path)) {
      console.log(`left out: ${name} (${path} is missing)\n`);
      continue;
    }
    const rows = (await benchDecode(path)).map((row) => [
      row.name,
      row.megabytesPerSecond.toFixed(1),
      row.timesIced.toFixed(1),
      row.timesObjdump.toFixed(0),
    ]);
    print([`sweep of ${name}'s code`, "MB/s", "× iced-x86", "× objdump"], rows);
  }
}

/** Milliseconds and ratios; the minima say what the machine could do, the medians what it did. */
function against(name: string, { median, least, processor }: Timing, empty: Timing): string[] {
  return [
    name,
    `${median.toFixed(0)} / ${least.toFixed(0)} ms`,
    `${(median / empty.median).toFixed(2)} / ${(least / empty.least).toFixed(2)}`,
    `${processor.toFixed(0)} ms`,
    (processor / empty.processor).toFixed(2),
    `${(processor - empty.processor).toFixed(0)} ms`,
  ];
}

const AGAINST = ["time", "× node -e 0", "processor time, least", "× node -e 0", "beyond node"];

function wholeCommands(): void {
  const rows: string[][] = [];
  const output = `${folder}/out`;
  for (const { name, path, isFixable } of inputs) {
    const prepare = () => {
      for (const file of [output, `${output}.sandfit-undo.json`]) rmSync(file, { force: true });
    };
    const node = (...args: string[]) => ({ program: process.execPath, args, prepare });
    const commands = [node("-e", "0"), node(command, "check", path)];
    if (isFixable) commands.push(node(command, "fix", path, "-o", output));
    const [empty, check, fix] = inTurns(commands, RUNS);
    rows.push(against("node -e 0", empty!, empty!));
    rows.push(against(`check ${name}`, check!, empty!));
    if (fix !== undefined) rows.push(against(`fix ${name}`, fix, empty!));
  }
  print(["whole command (median / least of 15)", ...AGAINST], rows);
}

function insideGvisor(): void {
  const { path } = inputs[0]!;
  const inside = (...args: string[]) => ({
    program: runsc,
    args: ["--platform=systrap", "--network=none", "do", process.execPath, ...args],
  });
  if (spawnSync(runsc, ["--version"]).status !== 0) {
    console.log("left out: gVisor (scripts/install-gvisor.sh)\n");
    return;
  }
  const [empty, check] = inTurns([inside("-e", "0"), inside(command, "check", path)], 5);
  print(
    ["inside gVisor, its own start with it (of 5)", ...AGAINST],
    [against("node -e 0", empty!, empty!), against(`check ${inputs[0]!.name}`, check!, empty!)],
  );
}

/** What a rehearsal adds to a program: its launcher, which loads the filter. */
async function rehearsal(): Promise<void> {
  if (!hostRunsLinux()) return;
  const { command: words, dispose } = await rehearsalCommand(["true"], "2026-09");
  const [plain, under] = inTurns(
    [words.slice(2), words].map(([program, ...args]) => ({ program: program!, args })),
    60,
  );
  dispose();
  const row = (name: string, { median, least }: Timing) => [name, `${median.toFixed(0)} / ${least.toFixed(0)} ms`];
  print(["median / least of 60", "time"], [row("true", plain!), row("true, rehearsed by the launcher", under!)]);
}

try {
  const build = spawnSync(process.execPath, [`${root}/scripts/build.mjs`], { stdio: "inherit" });
  if (build.status !== 0) throw new Error("the build failed");
  console.log(`node ${process.version}, ${availableParallelism()} × ${cpus()[0]!.model}`);
  for (const { name, path } of inputs) {
    console.log(`${name}: sha256 ${createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16)}…`);
  }
  console.log("");
  wholeCommands();
  insideGvisor();
  await rehearsal();
  print(["first look, of node's executable bytes", "GB/s", "× indexOf"], await benchFirstLook());
  print(["all programs of /usr", "files", "seconds", "files/s", "peak memory"], benchFolder());
  print(["the result", "instructions or seconds", "× as it was"], benchResult());
  print(["size", "MB", "check, median / least of 5", "peak memory"], benchSize());
  print(["code", "MB", "check, processor time, least of 3", "ms/MB", "peak memory"], benchCodeSize());
  print(["an APE of 4 GiB (median / least of 5)", "time", "× cp"], benchLarge());
  await decoding();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
