/** `sandfit check`: one verdict per file and platform. */

import { Command, Option } from "@commander-js/extra-typings";
import { memorySource } from "../../bytes/source.js";
import { check } from "../../check/check.js";
import { type FileError, type FileReport, MODEL_VERSION, outcomeOf, outcomes, type Report } from "../../check/model.js";
import { InputError } from "../../errors.js";
import { isFile } from "../../files/place.js";
import { parseTarget, releaseIds, type Target } from "../../gvisor/gvisor.js";
import { programsBelow } from "../../input/programs.js";
import { renderJson, renderLine } from "../../report/json.js";
import { renderHeadlines, renderText } from "../../report/text.js";
import { checkFile, orError } from "../check-file.js";
import type { ExitCode } from "../exit-code.js";
import { inOrder } from "../in-order.js";
import { paintForOutput, print, widthOfOutput } from "../output.js";
import { readStandardInput } from "../standard-input.js";

const declared = new Command("check")
  .description("say whether programs will run in gVisor, and why not; executes nothing")
  .argument("<file...>", "files, folders, archives (tar, tar.gz, zip), or - for standard input")
  .option("--all", "list every location")
  .option("-v, --verbose", "also say why, with links, rejected candidates and how the runtime was detected")
  .addOption(new Option("--why", "the same as --verbose").hideHelp())
  .option("-q, --quiet", "print one line for each file with findings, and nothing for the others")
  .option("--json", "print a JSON document (schema/report-1.json)")
  .addOption(
    new Option(
      "--format <format>",
      "text, json, ndjson (one line per file, as it is checked), sarif (2.1.0, for code scanning) or github (annotations of a workflow)",
    )
      .choices(["text", "json", "ndjson", "sarif", "github"] as const)
      .conflicts("json"),
  )
  .option("--target <release>", "gVisor release and platform: newest, 2024-07, systrap, 2022-12/ptrace …", "newest")
  .addOption(
    new Option("--fail-on <outcome>", "the least outcome that ends with exit code 1 (default: undecided)")
      .choices(["fails", "may-fail", "undecided"] as const)
      .conflicts("exitZero"),
  )
  .option("--exit-zero", "exit with 0 whatever was found; errors still exit with 2");

type CheckOptions = ReturnType<typeof declared.opts>;
type CheckFormat = NonNullable<CheckOptions["format"]>;

export const command = declared.action(async (files, options) => {
  process.exitCode = await checkCommand(files, options);
});

type Answer = FileReport | FileError;

/** Checks what the arguments name and prints the report. Returns the exit code. */
export async function checkCommand(names: readonly string[], options: CheckOptions): Promise<ExitCode> {
  const target = parseTarget(options.target);
  if (target === undefined) {
    throw new InputError(
      `${options.target} is no target: a release (newest, ${[...releaseIds].reverse().join(", ")}), a platform (systrap, ptrace, kvm), or both with a slash`,
    );
  }
  const format = options.json ? "json" : (options.format ?? "text");
  const stream = inOrder<Answer>((answer) => print(renderLine(target, answer)));
  const files = await checkAll(names, target, format === "ndjson" ? stream.add : () => {});
  await stream.done();
  const report: Report = { version: MODEL_VERSION, target, files };
  if (format !== "ndjson") await print(await rendered(report, format, options));
  return exitCodeOf(report, options);
}

async function rendered(report: Report, format: CheckFormat, options: CheckOptions): Promise<string> {
  if (format === "json") return renderJson(report);
  if (format === "sarif") return (await import("../../report/sarif.js")).renderSarif(report);
  if (format === "github") return (await import("../../report/github.js")).renderGithub(report);
  const text = {
    all: options.all === true,
    why: options.verbose === true || options.why === true,
    paint: await paintForOutput(),
    ...(await widthOfOutput()),
  };
  return (options.quiet ? renderHeadlines : renderText)(report, text);
}

/** From this many files on, starting workers takes less than they save. */
const MANY = 64;

type Answered = (index: number, answer: Answer) => void;

/** The answers about all files that the names stand for, in their order. `answered` is called after each, in any order. */
async function checkAll(names: readonly string[], target: Target, answered: Answered): Promise<Answer[]> {
  const answers: Answer[] = [];
  let others: string[] = [];
  const checkOthers = async () => {
    const before = answers.length;
    answers.push(...(await checkFiles(others, target, (index, answer) => answered(before + index, answer))));
    others = [];
  };
  for (const name of names) {
    if (!(await looksLikeArchive(name))) {
      others.push(name);
      continue;
    }
    await checkOthers();
    for (const answer of await checkArchive(name, target)) {
      answered(answers.length, answer);
      answers.push(answer);
    }
  }
  await checkOthers();
  return answers;
}

/** Only files that are called so are opened for it: all others are read once, by their check. */
async function looksLikeArchive(name: string): Promise<boolean> {
  if (!/\.(tar|tar\.gz|tgz|zip)$/i.test(name) || !isFile(name)) return false;
  const { isArchive } = await import("../../input/archive/is-archive.js");
  return isArchive(name).catch(() => false);
}

/** The programs in an archive, by names such as `tools.tar.gz!/bin/lua`. */
async function checkArchive(name: string, target: Target): Promise<Answer[]> {
  const { programsIn } = await import("../../input/archive/programs.js");
  const answers: Answer[] = [];
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

async function checkFiles(names: readonly string[], target: Target, answered: Answered): Promise<Answer[]> {
  const unread: FileError[] = [];
  const paths = names.flatMap((name) => {
    const below = name === "-" ? undefined : programsBelow(name);
    unread.push(...(below?.unread ?? []));
    return below?.programs ?? name;
  });
  const answers = await checkPaths(paths, target, answered);
  for (const [index, error] of unread.entries()) answered(paths.length + index, error);
  return [...answers, ...unread];
}

async function checkPaths(paths: readonly string[], target: Target, answered: Answered): Promise<Answer[]> {
  if (paths.length < MANY) return oneByOne(paths, target, answered);
  const { progressBar } = await import("../progress.js");
  const bar = await progressBar();
  bar.start("checking", paths.length);
  const advance = (index: number, answer: Answer) => {
    answered(index, answer);
    bar.advance(1);
  };
  try {
    // Standard input cannot be read by a worker.
    if (paths.includes("-")) return await oneByOne(paths, target, advance);
    const { canHaveWorkers, checkInPool } = await import("../check-pool.js");
    return await (canHaveWorkers() ? checkInPool : oneByOne)(paths, target, advance);
  } finally {
    bar.stop();
  }
}

async function oneByOne(paths: readonly string[], target: Target, answered: Answered): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const [index, path] of paths.entries()) {
    answers.push(path === "-" ? await checkStandardInput(target) : await checkFile(path, target));
    answered(index, answers[index]);
  }
  return answers;
}

async function checkStandardInput(target: Target): Promise<Answer> {
  const name = "(standard input)";
  return orError(name, async () => check(memorySource(await readStandardInput(), name), target));
}

function exitCodeOf(report: Report, { failOn, exitZero }: CheckOptions): ExitCode {
  if (report.files.some((file) => "error" in file)) return 2;
  const least = outcomes.indexOf(failOn ?? "undecided");
  return !exitZero && report.files.some((file) => !("error" in file) && outcomes.indexOf(outcomeOf(file)) >= least) ? 1 : 0;
}
