/** What becomes of one program or script of the input: carried over, fixed, or refused with its reasons. */

import { statSync } from "node:fs";
import { checkImage } from "../check/check.js";
import { type FileReport, outcomeOf } from "../check/model.js";
import { DiskError, InputError, RefusedError } from "../errors.js";
import { openFile } from "../files/file-source.js";
import { forward } from "../fix/apply.js";
import type { ResultForm } from "../fix/form.js";
import { type Allowance, isEmpty, type Plan, planFix } from "../fix/plan.js";
import { proveResult } from "../fix/prove.js";
import { newest } from "../gvisor/gvisor.js";
import { readImage } from "../image/detect.js";
import type { Machine } from "../image/image.js";
import { type Spooled, sha256Of } from "../input/spool.js";
import type { PackedProgram } from "../report/pack-model.js";
import { writePatched } from "../write/replace.js";
import type { ProgramFile } from "./inventory.js";

export type Treatment =
  /** It begins like a program and is none for Linux, such as an APE for Windows alone. */
  | { readonly kind: "no-program" }
  | { readonly kind: "kept"; readonly program: PackedProgram }
  | { readonly kind: "fixed"; readonly program: PackedProgram; readonly content: Spooled; readonly mode: number }
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

export interface TreatOptions {
  /** Which program of a fat APE; one without it is refused. Where undefined, the default of `sandfit fix`. */
  readonly machine: Machine | undefined;
  readonly allow: readonly Allowance[];
  /** What an APE becomes; ELF programs stay what they are. */
  readonly as: ResultForm;
}

/** Checks a program and, where needed, writes a fixed one to `output` and proves it. The input's file is left as it is. */
export async function treatProgram(file: ProgramFile, output: string, options: TreatOptions): Promise<Treatment> {
  const { content, mode } = file;
  const name = file.names[0]!;
  const source = openFile(content.file, name);
  try {
    const image = await readImage(source);
    if (image.elf.length === 0 && image.kind !== "script") return { kind: "no-program" };
    // The libraries of this machine say nothing about the one that the package is for.
    const report = await checkImage(source, image, newest, { mode });
    const { machine, allow } = options;
    const isForMachine = machine !== undefined && image.kind !== "script";
    const as = image.kind === "ape" ? options.as : "elf";
    const plan = await planFix(source, image, report, { allow, as, ...(isForMachine && { machine }) });
    const before = onlyMachine(report, plan.machine);
    if (isEmpty(plan) && outcomeOf(before) === "fails") return { kind: "refused", reasons: ["nothing is known that repairs it"] };
    if (isEmpty(plan)) return { kind: "kept", program: describe(plan, before, before) };
    const modeAfter = plan.mode?.after ?? mode;
    let after = before;
    await writePatched(source, output, forward(plan.edits), {
      overwrite: false,
      prove: async (result) => {
        after = onlyMachine(await proveResult(source, image, result, plan, { mode: modeAfter }), plan.machine);
      },
    });
    if (outcomeOf(after) === "fails") return { kind: "refused", reasons: ["what can be repaired is not enough to make it run"] };
    const fixed = { ...content, file: output, size: statSync(output).size, sha256: await sha256Of(output) };
    return { kind: "fixed", program: describe(plan, before, after), content: fixed, mode: modeAfter };
  } catch (error) {
    if (error instanceof RefusedError) return { kind: "refused", reasons: error.reasons };
    // A full disk says nothing about the program: it must neither count as beyond repair nor be left out.
    if (error instanceof DiskError) throw new DiskError(error.message.replaceAll(output, name));
    if (error instanceof InputError) return { kind: "refused", reasons: [error.message] };
    throw error;
  } finally {
    source.close();
  }
}

function describe(plan: Plan, before: FileReport, after: FileReport): PackedProgram {
  return {
    machine: plan.machine,
    as: plan.as,
    verdict: { before: outcomeOf(before), after: outcomeOf(after) },
    rules: before.views.flatMap((view) => view.findings.map((finding) => finding.rule)),
    edits: plan.edits,
    warnings: plan.warnings,
  };
}

/** The part of a report that speaks about one machine. */
function onlyMachine(report: FileReport, machine: Plan["machine"]): FileReport {
  return { ...report, views: report.views.filter((view) => view.machine === machine) };
}
