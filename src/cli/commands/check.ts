/** `sandfit check`: one verdict per file and platform. */

import { Command, Option } from "@commander-js/extra-typings";
import { printable } from "../../bytes/printable.js";
import { memorySource } from "../../bytes/source.js";
import { check } from "../../check/check.js";
import { type FileError, type FileReport, MODEL_VERSION, outcomeOf, outcomes, type Report } from "../../check/model.js";
import { DiskError, InputError } from "../../errors.js";
import { parseTarget, releaseIds, type Target } from "../../gvisor/gvisor.js";
import { isArchive } from "../../input/archive/recognise.js";
import { type Below, type NotLookedInto, programsBelow } from "../../input/programs.js";
import { renderJson, renderLine } from "../../report/json.js";
import { renderHeadlines, renderText } from "../../report/text.js";
import { type Answer, checkFile, orError } from "../check-file.js";
import type { ExitCode } from "../exit-code.js";
import { inOrder } from "../in-order.js";
import { complain, paintForOutput, print, widthOfOutput } from "../output.js";
import { readStandardInput } from "../standard-input.js";

const declared = new Command("check")
  .description("say whether programs will run in gVisor, and why not; executes nothing")
  .argument("<file...>", "files, directories, archives (tar, tar.gz, zip, wheel, jar), or - for standard input")
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

/** Checks what the arguments name and prints the report. Returns the exit code. */
export async function checkCommand(names: readonly string[], options: CheckOptions): Promise<ExitCode> {
  const target = parseTarget(options.target);
  if (target === undefined) {
    throw new InputError(
      `unknown target '${options.target}'; expected RELEASE, PLATFORM or RELEASE/PLATFORM (releases: newest, ${[...releaseIds].reverse().join(", ")}; platforms: systrap, ptrace, kvm)`,
    );
  }
  const format = options.json ? "json" : (options.format ?? "text");
  const isPassedOver = passingOver(names);
  const stream = inOrder<Answer>(async (answer) => {
    if (!isPassedOver(answer)) await print(renderLine(target, bare(answer)));
  });
  const { answers, empty, notLookedInto } = await checkAll(names, target, format === "ndjson" ? stream.add : () => {});
  await stream.done();
  const files = answers.filter((answer) => !isPassedOver(answer)).map(bare);
  const report: Report = { version: MODEL_VERSION, target, files };
  const isNothing = files.length === 0;
  if (format !== "ndjson" && !(format === "text" && isNothing)) await print(await rendered(report, format, options));
  const without = [...empty, ...answers.filter(isPassedOver).map(({ name }) => name)];
  if (without.length > 0) complain(`sandfit: no ${isNothing ? "programs found" : "program"} in ${listed(without)}\n`);
  if (notLookedInto.length > 0) {
    const count = notLookedInto.length === 1 ? "1 archive was" : `${notLookedInto.length} archives were`;
    complain(`sandfit: ${count} not looked into: ${listed(notLookedInto.map(({ name, reason }) => `${name} (${reason})`))}\n`);
  }
  return isNothing ? 2 : exitCodeOf(report, options);
}

/** Whether an answer is left out of the report: with several names, as the shell makes of `*`, a text among them is no error. */
function passingOver(names: readonly string[]): (answer: Answer) => boolean {
  const named = new Set(names.length > 1 ? names : []);
  return (answer) => "error" in answer && answer.isProgram === false && named.has(answer.name);
}

/** An answer as the report has it. */
function bare(answer: Answer): FileReport | FileError {
  return "error" in answer ? { name: answer.name, error: answer.error } : answer;
}

/** Names that a warning shows. */
const MOST_LISTED = 4;

function listed(names: readonly string[]): string {
  const more = names.length > MOST_LISTED ? ` and ${names.length - MOST_LISTED} more` : "";
  return `${names.slice(0, MOST_LISTED).map(printable).join(", ")}${more}`;
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

interface Answers {
  readonly answers: Answer[];
  /** Names of directories and archives in which nothing was found, not even an error. */
  readonly empty: string[];
  readonly notLookedInto: NotLookedInto[];
}

/** What is checked in one go: files by their names, or the programs of one archive. */
type Part =
  | { readonly files: string[]; readonly unread: readonly FileError[] }
  /** `isFound`: it lies in a directory that was named. */
  | { readonly archive: string; readonly isFound: boolean };

/** The answers about all files that the names stand for, in their order. `answered` is called after each, in any order. */
async function checkAll(names: readonly string[], target: Target, answered: Answered): Promise<Answers> {
  const all: Answers = { answers: [], empty: [], notLookedInto: [] };
  const check = async (part: Part) => {
    const before = all.answers.length;
    const at: Answered = (index, answer) => answered(before + index, answer);
    const found = await checkPart(part, target, all.notLookedInto, at);
    for (const answer of found) all.answers.push(answer);
    return found.length > 0;
  };
  // Files and the programs of directories are checked together, on all cores; then the archives in those directories.
  let files: string[] = [];
  let directories: { readonly name: string; readonly below: Below }[] = [];
  const checkGathered = async () => {
    await check({ files, unread: directories.flatMap(({ below }) => below.unread) });
    for (const { name, below } of directories) {
      let isFound = below.programs.length > 0 || below.unread.length > 0;
      for (const archive of below.archives) isFound = (await check({ archive, isFound: true })) || isFound;
      if (!isFound) all.empty.push(name);
      all.notLookedInto.push(...below.notLookedInto);
    }
    files = [];
    directories = [];
  };
  for (const name of names) {
    const below = name === "-" ? undefined : programsBelow(name);
    if (below !== undefined) {
      directories.push({ name, below });
      files = files.concat(below.programs);
    } else if (name === "-" || !isArchive(name)) files.push(name);
    else {
      await checkGathered();
      if (!(await check({ archive: name, isFound: false }))) all.empty.push(name);
    }
  }
  await checkGathered();
  return all;
}

async function checkPart(part: Part, target: Target, notLookedInto: NotLookedInto[], answered: Answered): Promise<Answer[]> {
  if ("archive" in part) return checkArchive(part.archive, part.isFound, target, notLookedInto, answered);
  const { files, unread } = part;
  const answers = await checkPaths(files, target, answered);
  for (const [index, error] of unread.entries()) answered(files.length + index, error);
  return [...answers, ...unread];
}

/** The programs in an archive, by names such as `tools.tar.gz!/bin/lua`. Damage of one that was not named itself is no error. */
async function checkArchive(
  name: string,
  isFound: boolean,
  target: Target,
  notLookedInto: NotLookedInto[],
  answered: Answered,
): Promise<Answer[]> {
  const { programsIn } = await import("../../input/archive/programs.js");
  const answers: Answer[] = [];
  const add = (answer: Answer) => {
    answered(answers.length, answer);
    answers.push(answer);
  };
  try {
    for await (const { name: path, source, surroundings } of programsIn(name, (archive) => notLookedInto.push(archive))) {
      const inside = `${name}!/${path}`;
      add(await orError(inside, async () => ({ ...(await check(source, target, surroundings)), name: inside })));
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (isFound && !(error instanceof DiskError)) notLookedInto.push({ name, reason: error.message.replace(`${name}: `, "") });
    else add({ name, error: error.message });
  }
  return answers;
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
