/** `sandfit check`: one verdict per file and platform. */

import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { memorySource } from "../bytes/source.js";
import { check } from "../check.js";
import { programsBelow } from "../disk/programs.js";
import { InputError } from "../errors.js";
import { renderJson } from "../report/json.js";
import { type FileError, type FileReport, MODEL_VERSION, outcomeOf, type Report } from "../report/model.js";
import { renderText } from "../report/text.js";
import { parseTarget, releaseIds, type Target } from "../sandbox/gvisor.js";
import { checkFile, orError } from "./check-file.js";
import type { ExitCode } from "./main.js";
import { paintForOutput, print } from "./output.js";
import { readStandardInput } from "./standard-input.js";

export interface CheckOptions {
  readonly all: boolean;
  readonly why: boolean;
  readonly json: boolean;
  readonly format?: CheckFormat;
  readonly target: string;
}

export type CheckFormat = "text" | "json" | "sarif";

/** Checks what the arguments name and prints the report. Returns the exit code. */
export async function checkCommand(names: readonly string[], options: CheckOptions): Promise<ExitCode> {
  const target = parseTarget(options.target);
  if (target === undefined) {
    throw new InputError(
      `${options.target} is no target: a release (newest, ${[...releaseIds].reverse().join(", ")}), a platform (systrap, ptrace, kvm), or both with a slash`,
    );
  }
  const files = await checkAll(names, target);
  const report: Report = { version: MODEL_VERSION, target, files };
  await print(await rendered(report, options));
  return exitCodeOf(report);
}

async function rendered(report: Report, options: CheckOptions): Promise<string> {
  const format = options.format ?? (options.json ? "json" : "text");
  if (format === "json") return renderJson(report);
  if (format === "sarif") return (await import("../report/sarif.js")).renderSarif(report);
  return renderText(report, { ...options, paint: await paintForOutput() });
}

/** From this many files on, starting workers takes less than they save. */
const MANY = 64;

/** The answers about all files that the names stand for, in their order. */
async function checkAll(names: readonly string[], target: Target): Promise<(FileReport | FileError)[]> {
  const answers: (FileReport | FileError)[] = [];
  let others: string[] = [];
  for (const name of names) {
    if (!(await looksLikeArchive(name))) {
      others.push(name);
      continue;
    }
    answers.push(...(await checkFiles(others, target)), ...(await checkArchive(name, target)));
    others = [];
  }
  return [...answers, ...(await checkFiles(others, target))];
}

/** Only files that are called so are opened for it: all others are read once, by their check. */
async function looksLikeArchive(name: string): Promise<boolean> {
  if (!/\.(tar|tar\.gz|tgz|zip)$/i.test(name) || statSync(name, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const { isArchive } = await import("../archive/is-archive.js");
  return isArchive(name).catch(() => false);
}

/** The programs in an archive, by names such as `tools.tar.gz!/bin/lua`. */
async function checkArchive(name: string, target: Target): Promise<(FileReport | FileError)[]> {
  const { programsIn } = await import("../archive/programs.js");
  const answers: (FileReport | FileError)[] = [];
  try {
    for await (const { name: path, source, mode } of programsIn(name)) {
      const inside = `${name}!/${path}`;
      const surroundings = mode === undefined ? {} : { mode };
      answers.push(await orError(inside, async () => ({ ...(await check(source, target, surroundings)), name: inside })));
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    answers.push({ name, error: error.message });
  }
  return answers;
}

async function checkFiles(names: readonly string[], target: Target): Promise<(FileReport | FileError)[]> {
  const paths = names.flatMap((name) => (name === "-" ? name : (programsBelow(name) ?? name)));
  if (paths.length < MANY) return oneByOne(paths, target, () => {});
  const { progressBar } = await import("./progress.js");
  const bar = await progressBar();
  bar.start("checking", paths.length);
  try {
    // Standard input cannot be read by a worker.
    if (paths.includes("-") || availableParallelism() === 1) return await oneByOne(paths, target, () => bar.advance(1));
    const { checkInPool } = await import("./check-pool.js");
    return await checkInPool(paths, target, () => bar.advance(1));
  } finally {
    bar.stop();
  }
}

async function oneByOne(paths: readonly string[], target: Target, advance: () => void): Promise<(FileReport | FileError)[]> {
  const answers: (FileReport | FileError)[] = [];
  for (const path of paths) {
    answers.push(path === "-" ? await checkStandardInput(target) : await checkFile(path, target));
    advance();
  }
  return answers;
}

async function checkStandardInput(target: Target): Promise<FileReport | FileError> {
  const name = "(standard input)";
  return orError(name, async () => check(memorySource(await readStandardInput(), name), target));
}

function exitCodeOf(report: Report): ExitCode {
  if (report.files.some((file) => "error" in file)) return 2;
  return report.files.some((file) => !("error" in file) && outcomeOf(file) !== "runs") ? 1 : 0;
}
