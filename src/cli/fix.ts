/** `sandfit fix`: check, plan, write, read back, prove. */

import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { checkImage } from "../check.js";
import { openFile } from "../disk/file-source.js";
import { recordOf, removeRecord, saveRecord } from "../disk/record.js";
import { writePatched, writeWhole } from "../disk/replace.js";
import { InputError } from "../errors.js";
import { forward } from "../fix/apply.js";
import { type Plan, planFix } from "../fix/plan.js";
import { proveResult } from "../fix/prove.js";
import { readImage } from "../image/detect.js";
import type { Image, Machine } from "../image/image.js";
import { renderPlan } from "../report/plan.js";
import type { RuleId } from "../rules/define.js";
import type { ExitCode } from "./main.js";
import { paintForOutput, print } from "./output.js";

export interface FixOptions {
  readonly output?: string;
  readonly inPlace: boolean;
  readonly force: boolean;
  readonly arch?: string;
  readonly allow?: RuleId;
  readonly dryRun: boolean;
  /** Run both programs everywhere before the result takes its name. */
  readonly verify?: boolean;
  /** What they are given then. */
  readonly args?: readonly string[];
  readonly plan?: string;
  readonly json: boolean;
}

/** Fixes one file and prints what was done. Returns the exit code. */
export async function fixCommand(name: string, options: FixOptions): Promise<ExitCode> {
  const extra = options.args?.[0];
  if (extra !== undefined && options.verify !== true) throw new InputError(`${extra} is one file too many; fix takes one`);
  if (options.verify && options.dryRun) throw new InputError("--verify has nothing to run with --dry-run");
  const source = openFile(name);
  try {
    const image = await readImage(source);
    const report = await checkImage(source, image);
    const plan = await planFix(source, image, report, {
      ...machineOf(options.arch),
      ...(options.allow ? { allow: [options.allow] } : {}),
    });
    const output = options.inPlace ? name : (options.output ?? `${name}.gvisor`);
    if (options.plan !== undefined) refuseSameFile(options.plan, [name, output]);
    const isWritten = !options.dryRun && !(plan.edits.length === 0 && options.inPlace);
    if (isWritten) await write(name, output, image, plan, options);
    if (options.plan !== undefined) writeWhole(options.plan, `${JSON.stringify(plan, null, 2)}\n`);
    const words = { output: isWritten ? output : undefined, dryRun: options.dryRun, paint: await paintForOutput() };
    await print(options.json ? `${JSON.stringify(plan, null, 2)}\n` : renderPlan(plan, words));
    return 0;
  } finally {
    source.close();
  }
}

/** Writes the result, proves it before it takes the output's name, and keeps the way back beside it. */
async function write(name: string, output: string, image: Image, plan: Plan, options: FixOptions): Promise<void> {
  const overwrite = options.inPlace || options.force || resolve(output) === resolve(name);
  const record = recordOf(output);
  let saved = false;
  try {
    await writePatched(name, output, forward(plan.edits), { overwrite }, async (temporary) => {
      await prove(name, temporary, image, plan);
      if (options.verify) await (await import("./verify.js")).proveByRuns(name, temporary, options.args ?? []);
      // Before the rename: a file without its way back must not exist, the other way round does no harm.
      if (plan.edits.length > 0) saveRecord(record, plan);
      saved = plan.edits.length > 0;
    });
  } catch (error) {
    if (saved) removeRecord(record);
    throw error;
  }
  if (!saved) removeRecord(record);
}

/** Throws InputError where the plan would overwrite the program or the result. */
function refuseSameFile(plan: string, others: readonly string[]): void {
  const places = others.map(placeOf);
  if (places.includes(placeOf(plan)))
    throw new InputError(`${plan} is the program or its output; save the plan under another name`);
}

/** The path that a name leads to, links followed as far as they exist. */
function placeOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** Reads the result back and proves it. Throws RefusedError where it is not what was planned. */
async function prove(name: string, result: string, image: Image, plan: Plan): Promise<void> {
  const before = openFile(name);
  const after = openFile(result, name);
  try {
    await proveResult(before, image, after, plan);
  } finally {
    before.close();
    after.close();
  }
}

function machineOf(arch: string | undefined): { machine?: Machine } {
  if (arch === undefined) return {};
  return { machine: arch === "aarch64" || arch === "arm64" ? "aarch64" : "x86-64" };
}
