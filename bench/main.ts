/** `npm run bench`: decoding against its peers, and whole commands against an empty node, as ratios of medians in one run. */

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { sampleProgram } from "../test/fixtures/programs/index.js";
import { benchDecode } from "./decode.js";
import { benchLarge } from "./large.js";

const RUNS = 15;
const root = fileURLToPath(new URL("..", import.meta.url));
const command = join(root, "dist", "cli.cjs");
const folder = mkdtempSync(join(tmpdir(), "sandfit-bench-"));

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Runs the commands in turns and returns the median of each, in milliseconds. */
function inTurns(commands: readonly (readonly string[])[], prepare: () => void): number[] {
  const times: number[][] = commands.map(() => []);
  for (let run = 0; run <= RUNS; run++) {
    for (const [index, args] of commands.entries()) {
      prepare();
      const start = performance.now();
      spawnSync(process.execPath, args, { stdio: "ignore" });
      // The first turn warms the disk cache up.
      if (run > 0) times[index].push(performance.now() - start);
    }
  }
  return times.map(median);
}

/** A file of about a megabyte that is healthy, and one that is faulty: real ones where there are any. */
function inputs(): { name: string; path: string }[] {
  const small = join(folder, "ape-gs");
  writeFileSync(small, sampleProgram("ape-gs").bytes, { mode: 0o755 });
  const corpus = process.env["SANDFIT_CORPUS"];
  const make = corpus === undefined ? "" : join(corpus, "blobs", "make-863bcf66c99e");
  const candidates = [
    { name: "a healthy program", path: "/bin/bash" },
    { name: "a small faulty APE", path: small },
    { name: "a faulty APE", path: make },
    { name: "node itself", path: process.execPath },
  ];
  return candidates.filter(({ path }) => path !== "" && existsSync(path));
}

async function main(): Promise<void> {
  const build = spawnSync(process.execPath, [join(root, "scripts", "build.mjs")], { stdio: "inherit" });
  if (build.status !== 0) throw new Error("the build failed");
  console.log(`node ${process.version}, ${cpus().length} × ${cpus()[0].model}\n`);

  const decoding = new Table({ style: { head: [], border: [] }, head: ["decoding sweep of node's .text", "MB/s", "× slowest"] });
  for (const row of await benchDecode()) decoding.push([row.name, row.megabytesPerSecond.toFixed(1), row.ratio.toFixed(1)]);
  console.log(`${decoding}\n`);

  const whole = new Table({
    style: { head: [], border: [] },
    head: ["whole command", "bytes", "node -e 0", "median", "× node -e 0", "beyond node"],
  });
  for (const { name, path } of inputs()) {
    const copy = join(folder, "copy");
    copyFileSync(path, copy);
    const output = join(folder, "out");
    const [empty, check, fix] = inTurns(
      [
        ["-e", "0"],
        [command, "check", copy],
        [command, "fix", copy, "-o", output],
      ],
      () => rmSync(output, { force: true }),
    );
    const size = statSync(copy).size;
    const row = (what: string, time: number) => [
      `${what} ${name}`,
      size,
      `${empty.toFixed(0)} ms`,
      `${time.toFixed(0)} ms`,
      (time / empty).toFixed(2),
      `${(time - empty).toFixed(0)} ms`,
    ];
    whole.push(row("check", check));
    const isFixable = readFileSync(copy).subarray(0, 2).toString() === "MZ";
    if (isFixable) whole.push(row("fix", fix));
  }
  console.log(String(whole));

  const large = new Table({ style: { head: [], border: [] }, head: ["an APE of 1 GiB", "median", "× cp and sync"] });
  for (const row of benchLarge(folder, command))
    large.push([row.name, `${row.milliseconds.toFixed(0)} ms`, row.ratio.toFixed(2)]);
  console.log(String(large));
}

try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
