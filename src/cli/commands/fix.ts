/** `sandfit fix`: check, plan, write, read back, prove. */

import { existsSync, fstatSync, lstatSync, statSync } from "node:fs";
import { Command, Option } from "@commander-js/extra-typings";
import { jsonText, printable } from "../../bytes/printable.js";
import { checkImage } from "../../check/check.js";
import { InputError, RefusedError } from "../../errors.js";
import { type FileSource, openFile } from "../../files/file-source.js";
import { placeOf, realPlace } from "../../files/place.js";
import { backward, forward } from "../../fix/apply.js";
import { withExecutableMode } from "../../fix/executable.js";
import { joinPlans } from "../../fix/join.js";
import { isEmpty, type Plan, planFix } from "../../fix/plan.js";
import { proveResult } from "../../fix/prove.js";
import { newest } from "../../gvisor/gvisor.js";
import { readImage } from "../../image/detect.js";
import type { Image, Machine } from "../../image/image.js";
import { surroundingsOf } from "../../input/surroundings.js";
import { renderPlan } from "../../report/plan.js";
import type { RuleId } from "../../rules/ids.js";
import { findRule } from "../../rules/index.js";
import { type Destination, openDestination } from "../../write/destination.js";
import { interruptedChange, refuseInterrupted, standingChange } from "../../write/interrupted.js";
import { readPlan, recordOf, recordText } from "../../write/record.js";
import { changeOf, LARGE, refuseOther, type Step, writePatched, writeWhole } from "../../write/replace.js";
import { sumOf, withSums } from "../../write/sums.js";
import type { ExitCode } from "../exit-code.js";
import { complain, paintForOutput, print, widthOfOutput } from "../output.js";

const declared = new Command("fix")
  .description("write a program for Linux that runs in gVisor and on plain Linux as before")
  .argument("<file>", "an APE, ELF program or script")
  .addOption(new Option("-o, --output <file>", "where to write (default: <file>.gvisor)").conflicts("inPlace"))
  .option("--in-place", "replace the file itself")
  .option("--force", "replace an output that exists")
  .addOption(
    new Option("--arch <machine>", "which program of a fat APE").choices([
      "x86_64",
      "x86-64",
      "amd64",
      "aarch64",
      "arm64",
    ] as const),
  )
  .addOption(
    new Option("--as <form>", "elf: a native program for Linux; ape: the same file for all systems, for authors of an APE")
      .choices(["elf", "ape"] as const)
      .default("elf" as const),
  )
  .option("--keep-dlopen", "leave cosmo_dlopen as it is, for programs that load only simple libraries of the host")
  .addOption(
    new Option("--allow <what>", "convert although this speaks against it").choices(["cosmo-dlopen", "unknown-runtime"] as const),
  )
  .option("--only <rule>", "repair what this rule finds and leave the rest")
  .option("--dry-run", "print the plan and write nothing")
  .option("--list", "list every edit; --dry-run does")
  .option("-q, --quiet", "print nothing but warnings and errors")
  .option("--verify", "run both everywhere, keep the result only if it does what the original does")
  .option("--plan <file>", "save the plan as JSON")
  .option("--json", "print the plan as JSON (schema/plan-1.json)")
  .argument("[arguments...]", "what to give the programs for --verify, behind --");

export type FixOptions = ReturnType<typeof declared.opts>;

export const command = declared.action(async (file, args, options) => {
  process.exitCode = await fixCommand(file, options, args);
});

/** How far a fix is; tests swap files in between. */
export type FixStep = "opened" | "resolved" | "planned" | Step;

/**
 * Fixes one file and prints what was done; `args` are what to give both programs with `verify`. `reached` hears of each step. Returns
 * the exit code.
 */
export async function fixCommand(
  name: string,
  options: FixOptions,
  args: readonly string[] = [],
  reached: (step: FixStep) => void = () => {},
): Promise<ExitCode> {
  const [extra] = args;
  if (extra !== undefined && options.verify !== true) throw new InputError(`${extra} is one file too many; fix takes one`);
  if (options.verify && options.dryRun) throw new InputError("--verify has nothing to run with --dry-run");
  const output = options.inPlace ? name : (options.output ?? `${name}.gvisor`);
  // By any name: a link to the program leads to it as well.
  const inPlace = placeOf(output) === placeOf(name);
  if (inPlace && !options.dryRun && !options.inPlace && !options.force)
    throw new InputError(`${output} is the input itself; say --in-place to replace it, or name another output with -o`);
  const source = await openWhole(name, inPlace && !options.dryRun);
  const opened: Destination[] = [];
  // Until the proof is done nothing but others can have changed the source.
  let isReading = true;
  const noted = (step: Step) => {
    if (step === "proved") isReading = false;
    reached(step);
  };
  const open = (target: string): Destination => {
    opened.push(openDestination(target));
    return opened.at(-1)!;
  };
  try {
    reached("opened");
    const destination = options.dryRun ? undefined : open(output);
    if (destination !== undefined && inPlace) refuseOther(destination, source);
    const planFile = options.plan === undefined ? undefined : open(options.plan);
    reached("resolved");
    const image = await readImage(source);
    const report = await checkImage(source, image, newest, surroundingsOf(name));
    const bare = await planFix(source, image, report, {
      ...(options.as && { as: options.as }),
      ...machineOf(options.arch),
      allow: [...(options.allow ? [options.allow] : []), ...(options.keepDlopen ? (["cosmo-dlopen"] as const) : [])],
      ...onlyOf(options.only),
    });
    const plan = await withSums(withExecutableMode(bare, image, fstatSync(source.descriptor).mode), source);
    reached("planned");
    // What needs no change is copied only where a copy was asked for.
    const isWritten = destination !== undefined && !(isEmpty(plan) && (inPlace || options.output === undefined));
    const overwrite = options.force === true || options.inPlace === true;
    const savePlan = () => planFile !== undefined && writeWhole(planFile, planText(plan));
    if (options.plan !== undefined) refusePlanOver(options.plan, [name, output], options.force === true);
    const lost = isWritten ? lostWith(source, inPlace) : [];
    const verify = options.verify === true;
    if (isWritten) await write(source, destination, image, plan, { verify, args, inPlace, overwrite, savePlan, reached: noted });
    else savePlan();
    const words = {
      output: isWritten ? output : undefined,
      replacesInput: inPlace,
      ...(isWritten && { record: recordNameOf(output) }),
      dryRun: options.dryRun === true,
      list: options.list === true || options.dryRun === true,
      lost,
      paint: await paintForOutput(),
      ...(await widthOfOutput()),
    };
    if (options.quiet && !options.json) for (const one of plan.warnings) complain(`sandfit: warning: ${printable(one)}\n`);
    else await print(options.json ? planText(plan) : renderPlan(plan, words));
    return 0;
  } catch (error) {
    // Of bytes that change meanwhile anything may be said; this is the reason.
    throw isReading && isDeclared(error) ? (changeOf(source) ?? error) : error;
  } finally {
    for (const one of opened) one.close();
    source.close();
  }
}

/** As the user would write it; a symlink's file has its record beside itself. */
const recordNameOf = (output: string): string => recordOf(lstatSync(output).isSymbolicLink() ? realPlace(output) : output);

const isDeclared = (error: unknown): boolean => error instanceof InputError || error instanceof RefusedError;

/** What the result does not take over from the input, one sentence each. */
function lostWith(source: FileSource, inPlace: boolean): string[] {
  const { mode, nlink } = fstatSync(source.descriptor);
  const lost: string[] = [];
  if ((mode & 0o7000) !== 0)
    lost.push("set-user-id, set-group-id and the sticky bit are not carried over, nor brought back by undo");
  if (inPlace && nlink > 1) lost.push("the file has other names (hard links); those keep the original");
  return lost;
}

/** Opens the program. A change of it that was cut off is taken back first, where it is to be written anyway. */
async function openWhole(name: string, mayWrite: boolean): Promise<FileSource> {
  const source = openFile(name);
  try {
    if (!mayWrite) await refuseInterrupted(source);
    const cutOff = await interruptedChange(source);
    if (cutOff === undefined) return source;
    await writePatched(source, name, backward(cutOff.edits), { overwrite: true, itself: true, prove: async () => {} });
  } catch (error) {
    source.close();
    throw error;
  }
  source.close();
  complain(`sandfit: an earlier in-place fix of ${printable(name)} was interrupted; rolled it back first\n`);
  return openFile(name);
}

interface WriteOptions {
  /** Run both programs everywhere before the result takes its name. */
  readonly verify: boolean;
  /** What they are given then. */
  readonly args: readonly string[];
  readonly inPlace: boolean;
  readonly overwrite: boolean;
  savePlan(): void;
  reached(step: Step): void;
}

/** Writes the result, proves it and saves the plan before it takes the output's name, and keeps the way back beside it. */
async function write(source: FileSource, output: Destination, image: Image, plan: Plan, options: WriteOptions): Promise<void> {
  const { inPlace, overwrite, reached } = options;
  const former = inPlace ? await standingChange(source) : undefined;
  await writePatched(source, output, forward(plan.edits), {
    overwrite,
    itself: inPlace,
    record: recordText(former === undefined ? plan : joinPlans(former, plan)),
    ...(plan.mode !== undefined && { mode: plan.mode.after }),
    provesFile: options.verify,
    prove: async (result, path) => {
      await proveResult(source, image, result, plan, path === undefined ? {} : surroundingsOf(path));
      // A large one may be changed where it stands: what is proved then is the source with the edits over it, as summed before.
      if (plan.output !== undefined && result.size < LARGE && (await sumOf(result)) !== plan.output.sha256)
        throw new RefusedError(["the result has other bytes than the plan says"]);
      if (path !== undefined && options.verify) await (await import("./verify.js")).proveByRuns(source.path, path, options.args);
      options.savePlan();
    },
    reached,
  });
}

/** Throws InputError where the plan would overwrite a program, the way back of one or, without `force`, anything but a plan. */
function refusePlanOver(plan: string, programs: readonly string[], force: boolean): void {
  const places = programs.map(placeOf);
  if ([...places, ...places.map(recordOf)].includes(placeOf(plan)))
    throw new InputError(`${plan} is the program, its output or the way back; save the plan under another name`);
  if (!force && existsSync(plan) && !isPlanFile(plan))
    throw new InputError(`${plan} exists already and is no plan; name another file, or say --force`);
}

/** Other than a file, which the plan's writing has a sentence for, counts as well. */
function isPlanFile(path: string): boolean {
  if (!statSync(path).isFile()) return true;
  try {
    readPlan(path);
    return true;
  } catch {
    return false;
  }
}

/** A plan as it is saved and printed. */
function planText(plan: Plan): string {
  return `${jsonText(plan, 2)}\n`;
}

function onlyOf(id: string | undefined): { only?: RuleId } {
  if (id === undefined) return {};
  const rule = findRule(id);
  if (rule === undefined) throw new InputError(`there is no rule ${id}; \`sandfit rules\` lists them`);
  if (!rule.fixable) throw new InputError(`${id} is a rule whose findings no edit repairs`);
  return { only: rule.id };
}

function machineOf(arch: string | undefined): { machine?: Machine } {
  if (arch === undefined) return {};
  return { machine: arch === "aarch64" || arch === "arm64" ? "aarch64" : "x86-64" };
}
