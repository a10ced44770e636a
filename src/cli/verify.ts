/** `sandfit verify`: run it everywhere, compare, say so. */

import { openFile } from "../disk/file-source.js";
import { isFolder } from "../disk/place.js";
import { InputError, RefusedError } from "../errors.js";
import { jsonText } from "../report/json-text.js";
import { renderVerify } from "../report/verify.js";
import type { Platform } from "../run/sandbox.js";
import { verify } from "../run/verify.js";
import type { ExitCode } from "./exit-code.js";
import { paintForOutput, print } from "./output.js";
import { readStandardInput } from "./standard-input.js";

export interface VerifyFlags {
  readonly times: string;
  readonly stdin?: string;
  readonly folder?: string;
  readonly timeout: string;
  readonly maxOutput: string;
  readonly maxMemory?: string;
  readonly platform?: readonly Platform[];
  readonly json: boolean;
}

/** Verifies and prints. `words` are all operands, those behind `--` in `argv` included. Returns the exit code. */
export async function verifyCommand(words: readonly string[], argv: readonly string[], flags: VerifyFlags): Promise<ExitCode> {
  const dashes = argv.indexOf("--");
  const args = dashes < 0 ? [] : argv.slice(dashes + 1);
  const programs = words.slice(0, words.length - args.length);
  const [original, fixed, more] = programs;
  if (original === undefined) throw new InputError("name the program to verify in front of --");
  if (more !== undefined) throw new InputError(`${more} is one program too many; arguments for the programs go behind --`);
  const options = {
    args,
    times: wholeNumber("--times", flags.times, 1000),
    timeout: wholeNumber("--timeout", flags.timeout, 86_400) * 1000,
    maxOutput: wholeNumber("--max-output", flags.maxOutput, 2 ** 30),
    ...(flags.folder !== undefined && { folder: folderFrom(flags.folder) }),
    ...(flags.maxMemory !== undefined && { maxMemory: wholeNumber("--max-memory", flags.maxMemory, 2 ** 47) }),
    ...(flags.platform && { platforms: flags.platform }),
    ...(flags.stdin !== undefined && { stdin: await inputFrom(flags.stdin) }),
  };
  const report = await verify(original, fixed, options);
  await print(flags.json ? `${jsonText(report, 2)}\n` : renderVerify(report, await paintForOutput()));
  return report.passed === null ? 2 : report.passed ? 0 : 1;
}

/** For `fix --verify`: throws RefusedError unless `fixed` does everywhere what the original does on the host. */
export async function proveByRuns(original: string, fixed: string, args: readonly string[]): Promise<void> {
  const report = await verify(original, fixed, { args, timeout: 60_000, maxOutput: 8 * 1024 * 1024 });
  if (report.passed === true) return;
  const failures = report.rows
    .filter((row) => row.fixed?.sameAsHost === false)
    .map(
      (row) => `the result does not do on ${row.id} what the original does on the host (${row.fixed?.differences.join(", ")})`,
    );
  throw new RefusedError([...failures, ...report.remarks]);
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= most) return value;
  throw new InputError(`${name} ${text} is no whole number from 1 to ${most}`);
}

function folderFrom(name: string): string {
  if (isFolder(name)) return name;
  throw new InputError(`--folder ${name} is no folder`);
}

async function inputFrom(name: string): Promise<Uint8Array> {
  if (name === "-") return readStandardInput();
  const source = openFile(name);
  try {
    return await source.read(0, source.size);
  } finally {
    source.close();
  }
}
