/** `sandfit fix`: check, plan, write, read back, prove. */

import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { checkImage } from "../check.js";
import { type FileSource, openFile } from "../disk/file-source.js";
import { interruptedChange, refuseInterrupted, standingChange } from "../disk/interrupted.js";
import { placeOf } from "../disk/place.js";
import { readPlan, recordOf, recordText } from "../disk/record.js";
import { writePatched, writeWhole } from "../disk/replace.js";
import { surroundingsOf } from "../disk/surroundings.js";
import { InputError } from "../errors.js";
import { backward, forward } from "../fix/apply.js";
import { joinPlans } from "../fix/join.js";
import { isEmpty, type Plan, planFix } from "../fix/plan.js";
import { proveResult } from "../fix/prove.js";
import { readImage } from "../image/detect.js";
import type { Image, Machine } from "../image/image.js";
import { renderPlan } from "../report/plan.js";
import { printable } from "../report/words.js";
import { findRule, type RuleId } from "../rules/index.js";
import { newest } from "../sandbox/gvisor.js";
import type { ExitCode } from "./exit-code.js";
import { paintForOutput, print } from "./output.js";

const declared = new Command("fix")
  .description("write a program for Linux that runs in gVisor and on plain Linux as before")
  .argument("<file>", "an APE, ELF program or script")
  .addOption(new Option("-o, --output <file>", "where to write; the default is <file>.gvisor").conflicts("inPlace"))
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
  .addOption(new Option("--allow <rule>", "convert although this rule speaks against it").choices(["cosmo-dlopen"] as const))
  .option("--only <rule>", "repair what this rule finds and leave the rest")
  .option("--dry-run", "print the plan and write nothing")
  .option("--verify", "run both everywhere, keep the result only if it does what the original does")
  .option("--plan <file>", "save the plan as JSON")
  .option("--json", "print the plan as JSON")
  .argument("[arguments...]", "what to give the programs for --verify, behind --");

type FixOptions = ReturnType<typeof declared.opts>;

export const command = declared.action(async (file, args, options) => {
  process.exitCode = await fixCommand(file, options, args);
});

/** Fixes one file and prints what was done; `args` are what to give both programs with `verify`. Returns the exit code. */
export async function fixCommand(name: string, options: FixOptions, args: readonly string[] = []): Promise<ExitCode> {
  const [extra] = args;
  if (extra !== undefined && options.verify !== true) throw new InputError(`${extra} is one file too many; fix takes one`);
  if (options.verify && options.dryRun) throw new InputError("--verify has nothing to run with --dry-run");
  const output = options.inPlace ? name : (options.output ?? `${name}.gvisor`);
  // By any name: a link to the program leads to it as well.
  const inPlace = placeOf(output) === placeOf(name);
  const source = await openWhole(name, inPlace && !options.dryRun);
  try {
    const image = await readImage(source);
    const report = await checkImage(source, image, newest, surroundingsOf(name));
    const plan = await planFix(source, image, report, {
      ...(options.as && { as: options.as }),
      ...machineOf(options.arch),
      ...(options.allow ? { allow: [options.allow] } : {}),
      ...onlyOf(options.only),
    });
    const isWritten = !options.dryRun && !(isEmpty(plan) && inPlace);
    const overwrite = options.force === true || resolve(output) === resolve(name);
    const savePlan = () => options.plan !== undefined && writeWhole(options.plan, planText(plan));
    if (options.plan !== undefined) refusePlanOver(options.plan, [name, output], options.force === true);
    if (isWritten)
      await write(source, output, image, plan, { verify: options.verify === true, args, inPlace, overwrite, savePlan });
    else savePlan();
    const words = {
      output: isWritten ? output : undefined,
      replacesInput: inPlace,
      dryRun: options.dryRun === true,
      paint: await paintForOutput(),
    };
    await print(options.json ? planText(plan) : renderPlan(plan, words));
    return 0;
  } finally {
    source.close();
  }
}

/** Opens the program. A change of it that was cut off is taken back first, where it is to be written anyway. */
async function openWhole(name: string, mayWrite: boolean): Promise<FileSource> {
  const source = openFile(name);
  try {
    if (!mayWrite) await refuseInterrupted(source);
    const cutOff = await interruptedChange(source);
    if (cutOff === undefined) return source;
    await writePatched(source, name, backward(cutOff.edits), { overwrite: true, prove: async () => {} });
  } catch (error) {
    source.close();
    throw error;
  }
  source.close();
  process.stderr.write(`sandfit: a change of ${printable(name)} had been cut off; it was taken back first\n`);
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
}

/** Writes the result, proves it and saves the plan before it takes the output's name, and keeps the way back beside it. */
async function write(source: FileSource, output: string, image: Image, plan: Plan, options: WriteOptions): Promise<void> {
  const former = options.inPlace ? await standingChange(source) : undefined;
  await writePatched(source, output, forward(plan.edits), {
    overwrite: options.overwrite,
    ...(!isEmpty(plan) && { record: recordText(former === undefined ? plan : joinPlans(former, plan)) }),
    ...(plan.mode !== undefined && { mode: plan.mode.after }),
    provesFile: options.verify,
    prove: async (result, path) => {
      await proveResult(source, image, result, plan, path === undefined ? {} : surroundingsOf(path));
      if (path !== undefined && options.verify) await (await import("./verify.js")).proveByRuns(source.path, path, options.args);
      options.savePlan();
    },
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
  return `${JSON.stringify(plan, null, 2)}\n`;
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
