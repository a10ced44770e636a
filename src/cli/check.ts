/** `sandfit check`: one verdict per file and platform. */

import { memorySource } from "../bytes/source.js";
import { check } from "../check.js";
import { openFile } from "../disk/file-source.js";
import { refuseInterrupted } from "../disk/interrupted.js";
import { programsBelow } from "../disk/programs.js";
import { surroundingsOf } from "../disk/surroundings.js";
import { InputError } from "../errors.js";
import { renderJson } from "../report/json.js";
import { type FileError, type FileReport, MODEL_VERSION, outcomeOf, type Report } from "../report/model.js";
import { renderText } from "../report/text.js";
import { parseTarget, releaseIds, type Target } from "../sandbox/gvisor.js";
import type { ExitCode } from "./main.js";
import { paintForOutput, print } from "./output.js";
import { readStandardInput } from "./standard-input.js";

export interface CheckOptions {
  readonly all: boolean;
  readonly why: boolean;
  readonly json: boolean;
  readonly target: string;
}

/** Checks what the arguments name and prints the report. Returns the exit code. */
export async function checkCommand(names: readonly string[], options: CheckOptions): Promise<ExitCode> {
  const target = parseTarget(options.target);
  if (target === undefined) {
    throw new InputError(
      `${options.target} is no target: a release (newest, ${[...releaseIds].reverse().join(", ")}), a platform (systrap, ptrace, kvm), or both with a slash`,
    );
  }
  const files: (FileReport | FileError)[] = [];
  for (const name of names) files.push(...(await checkName(name, target)));
  const report: Report = { version: MODEL_VERSION, target, files };
  await print(options.json ? renderJson(report) : renderText(report, { ...options, paint: await paintForOutput() }));
  return exitCodeOf(report);
}

async function checkName(name: string, target: Target): Promise<(FileReport | FileError)[]> {
  if (name === "-")
    return [
      await orError("(standard input)", async () => check(memorySource(await readStandardInput(), "(standard input)"), target)),
    ];
  const below = programsBelow(name);
  if (below === undefined) return [await checkFile(name, target)];
  const files: (FileReport | FileError)[] = [];
  for (const path of below) files.push(await checkFile(path, target));
  return files;
}

async function checkFile(name: string, target: Target): Promise<FileReport | FileError> {
  return orError(name, async () => {
    const source = openFile(name);
    try {
      await refuseInterrupted(source);
      return await check(source, target, surroundingsOf(name));
    } finally {
      source.close();
    }
  });
}

async function orError(name: string, run: () => Promise<FileReport>): Promise<FileReport | FileError> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof InputError) return { name, error: error.message };
    throw error;
  }
}

function exitCodeOf(report: Report): ExitCode {
  if (report.files.some((file) => "error" in file)) return 2;
  return report.files.some((file) => !("error" in file) && outcomeOf(file) !== "runs") ? 1 : 0;
}
