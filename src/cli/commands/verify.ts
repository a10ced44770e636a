/** `sandfit verify`: run it everywhere, compare, say so. */

import { Command, Option } from "@commander-js/extra-typings";
import { jsonText } from "../../bytes/printable.js";
import { verify } from "../../environments/verify.js";
import { InputError, RefusedError } from "../../errors.js";
import { openFile } from "../../files/file-source.js";
import { isFolder } from "../../files/place.js";
import { platforms } from "../../gvisor/gvisor.js";
import { renderVerify } from "../../report/verify.js";
import { changeHere, resultOf } from "../../report/verify-model.js";
import type { ExitCode } from "../exit-code.js";
import { complain, paintForOutput, print } from "../output.js";
import { type Bar, progressBar } from "../progress.js";
import { readStandardInput } from "../standard-input.js";

const declared = new Command("verify")
  .description("run one or two programs in every environment there is, and compare with plain Linux")
  .usage("[options] <original> [fixed] [-- <argument...>]")
  .argument("<original>", "the program")
  .argument("[words...]", "a fixed one, and behind -- the arguments for both")
  .option("--times <n>", "runs in every environment", "1")
  .option("--stdin <file>", "what the programs read from standard input; - is this command's own")
  .option("--folder <dir>", "start each run in a fresh copy of this folder; the default is an empty one")
  .option("--timeout <seconds>", "longest time of one run", "60")
  .option("--max-output <bytes>", "most that a run may write to either stream", "8388608")
  .option("--max-memory <bytes>", "most address space of a run, as by ulimit -v (default: no limit)")
  .addOption(new Option("--platform <platform...>", "gVisor platforms; kvm only if named").choices(platforms))
  .option("--json", "print a JSON document (schema/verify-1.json)")
  .passThroughOptions();

type VerifyFlags = ReturnType<typeof declared.opts>;

export const command = declared.action(async (original, words, flags) => {
  process.exitCode = await verifyCommand(original, words, flags);
});

/** Verifies and prints. `words` are all that stands behind the program. Returns the exit code. */
async function verifyCommand(original: string, words: readonly string[], flags: VerifyFlags): Promise<ExitCode> {
  const dashes = words.includes("--") ? words.indexOf("--") : words.length;
  const args = words.slice(dashes + 1);
  const [fixed, more] = words.slice(0, dashes);
  const misplaced = words.slice(0, dashes).find((word) => word.startsWith("-"));
  if (misplaced !== undefined)
    throw new InputError(
      `${misplaced} stands behind a program: options of sandfit go in front of the programs, arguments of theirs behind --`,
    );
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
  const report = await watched((progress) => verify(original, fixed, { ...options, progress }));
  await print(flags.json ? `${jsonText(report, 2)}\n` : renderVerify(report, await paintForOutput()));
  const codes = { passed: 0, helped: 0, failed: 1, open: 2 } as const;
  return codes[resultOf(report)];
}

/** Does a work with a bar for a person who waits. */
async function watched<T>(work: (bar: Bar) => Promise<T>): Promise<T> {
  const bar = await progressBar();
  try {
    return await work(bar);
  } finally {
    bar.stop();
  }
}

/**
 * For `fix --verify`: throws RefusedError unless `fixed` does everywhere what the original does on the host. In a sandbox, where there is
 * no host, `fixed` has to end with exit 0. Says what was proved.
 */
export async function proveByRuns(original: string, fixed: string, args: readonly string[]): Promise<void> {
  const report = await watched((progress) =>
    verify(original, fixed, { args, timeout: 60_000, maxOutput: 8 * 1024 * 1024, progress }),
  );
  const result = resultOf(report);
  const change = changeHere(report);
  if (result === "passed") return complain(`sandfit: verified in ${report.rows.length} environments\n`);
  if (result === "helped")
    return complain(`sandfit: verified ${report.rows[0].id}, without a plain Linux to compare with: ${change}\n`);
  if (change !== undefined) {
    const why = result === "open" ? "; behind --, give arguments with which the program ends with exit 0" : "";
    throw new RefusedError([`no run here shows that the result works: ${change}${why}`]);
  }
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
