/**
 * `npm run fuzz -- [TARGET…] [--seconds N] [--runs N] [--corpus FOLDER]`: coverage-guided fuzzing by jazzer.js (libFuzzer);
 * with `--unguided` what it has learnt in FOLDER is changed at random instead, which is much faster.
 * A find is written to the corpus folder as crash-…; `npm run fuzz -- keep TARGET FILE` makes it a test.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { finds, seeds } from "./seeds.js";
import { buildTarget, isSynchronous } from "./target-build.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const jazzer = createRequire(import.meta.url)
  .resolve("@jazzer.js/core")
  .replace(/core\.js$/, "cli.js");
/** jazzer.js's library asks for glibc 2.38 or newer; scripts/install-fuzzer-libc.sh puts one here for older systems. */
const NEWER_LIBC = "/opt/sandfit-fuzz/usr/lib/x86_64-linux-gnu";
/** Milliseconds of one execution that count as a hang: far more than the slowest takes on a machine that is busy. */
const HANG = 120_000;
const LONGEST: Readonly<Record<string, number>> = {
  decode: 32,
  archive: 8192,
  image: 24_576,
  zip: 4096,
  large: 40_960,
  plan: 40_960,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    runs: { type: "string", default: "-1" },
    corpus: { type: "string" },
    unguided: { type: "boolean", default: false },
  },
});

/** How to start node so that jazzer.js's library loads. */
function node(): string[] {
  const loads = spawnSync(process.execPath, [jazzer, "--version"], { stdio: "ignore" }).status === 0;
  if (loads) return [process.execPath];
  const loader = join(NEWER_LIBC, "ld-linux-x86-64.so.2");
  if (!existsSync(loader)) throw new Error("jazzer.js needs glibc 2.38: run scripts/install-fuzzer-libc.sh");
  return [loader, "--library-path", NEWER_LIBC, process.execPath];
}

/** Puts what fuzzing starts from into the corpus of a target. */
function plant(target: string, corpus: string): void {
  mkdirSync(corpus, { recursive: true });
  for (const [name, bytes] of [...seeds(target), ...finds(target)]) writeFileSync(join(corpus, `seed-${name}`), bytes);
}

/** Runs one target without guidance; returns whether it found nothing. */
function fuzzUnguided(target: string, corpus: string): boolean {
  const args = ["--import", "tsx", join(here, "unguided.ts"), target, corpus, values.seconds, `${LONGEST[target] ?? 65_536}`];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit", timeout: Number(values.seconds) * 1000 + HANG });
  if (status !== 0 && existsSync(`${corpus}.current`)) renameSync(`${corpus}.current`, `${corpus}-crash-${Date.now()}`);
  return status === 0;
}

/** Runs one target by jazzer.js; returns whether it found nothing. */
async function fuzz(target: string, folder: string, corpus: string, command: readonly string[]): Promise<boolean> {
  const bundle = await buildTarget(target, join(folder, "bundle"));
  const { status } = spawnSync(
    command[0],
    [
      ...command.slice(1),
      jazzer,
      bundle,
      corpus,
      ...(isSynchronous(target) ? ["--sync"] : []),
      "--disableBugDetectors=.*",
      "-i",
      dirname(bundle),
      `--timeout=${HANG}`,
      "--",
      `-max_total_time=${values.seconds}`,
      `-runs=${values.runs}`,
      `-max_len=${LONGEST[target] ?? 65_536}`,
      "-rss_limit_mb=1536",
      "-print_final_stats=1",
      "-reload=0",
      `-artifact_prefix=${corpus}-`,
    ],
    { stdio: "inherit" },
  );
  return status === 0;
}

/** A find as text, small enough to be read, in a place where test/proof/fuzz.test.ts sees it. */
function keep(target: string, path: string): void {
  const bytes = readFileSync(path);
  const name = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  mkdirSync(join(here, "crashers", target), { recursive: true });
  const text = bytes.toString("hex").replace(/.{1,120}/g, "$&\n");
  writeFileSync(join(here, "crashers", target, `${name}.hex`), text);
  console.log(`${basename(path)} → fuzz/crashers/${target}/${name}.hex`);
}

if (positionals[0] === "keep") {
  keep(positionals[1], positionals[2]);
} else {
  const folder = values.corpus ?? mkdtempSync(join(tmpdir(), "sandfit-fuzz-"));
  const command = values.unguided ? [] : node();
  const names = positionals.length > 0 ? positionals : ["archive", "decode", "image", "large", "plan", "zip"];
  const failed: string[] = [];
  for (const name of names) {
    const corpus = join(folder, name);
    plant(name, corpus);
    const isFine = values.unguided ? fuzzUnguided(name, corpus) : await fuzz(name, folder, corpus, command);
    if (!isFine) failed.push(name);
  }
  console.log(failed.length === 0 ? "no finds" : `finds or failures: ${failed.join(", ")}; see ${folder}`);
  if (values.corpus === undefined && failed.length === 0) rmSync(folder, { recursive: true });
  process.exitCode = failed.length === 0 ? 0 : 1;
}
