/** What becomes of one program of the input: carried over, fixed, or refused with its reasons. */

import { checkImage } from "../check.js";
import { openFile } from "../disk/file-source.js";
import { writePatched } from "../disk/replace.js";
import { type Spooled, sha256Of } from "../disk/spool.js";
import { InputError, RefusedError } from "../errors.js";
import { forward } from "../fix/apply.js";
import { planFix } from "../fix/plan.js";
import { proveResult } from "../fix/prove.js";
import { readImage } from "../image/detect.js";
import type { Machine } from "../image/image.js";
import { type FileReport, outcomeOf } from "../report/model.js";
import type { RuleId } from "../rules/define.js";
import type { PackedProgram } from "./manifest.js";

export type Treatment =
  /** It begins like a program and is none for Linux, such as an APE for Windows alone. */
  | { readonly kind: "no-program" }
  | { readonly kind: "kept" | "fixed"; readonly content: Spooled; readonly program: PackedProgram }
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

export interface TreatOptions {
  /** Which program of a fat APE; one without it is refused. Where undefined, the default of `sandfit fix`. */
  readonly machine: Machine | undefined;
  readonly allow: readonly RuleId[];
}

/** Checks a program and, where needed, writes a fixed one to `output` and proves it. The input's file is left as it is. */
export async function treatProgram(content: Spooled, name: string, output: string, options: TreatOptions): Promise<Treatment> {
  const source = openFile(content.file, name);
  try {
    const image = await readImage(source);
    if (image.elf.length === 0) return { kind: "no-program" };
    const report = await checkImage(source, image);
    const { machine, allow } = options;
    const plan = await planFix(source, image, report, { allow, ...(machine === undefined ? {} : { machine }) });
    const before = onlyMachine(report, plan.machine);
    const described = {
      machine: plan.machine,
      rules: before.views.flatMap((view) => view.findings.map((finding) => finding.rule)),
      edits: plan.edits,
      warnings: plan.warnings,
    };
    if (plan.edits.length === 0) {
      const outcome = outcomeOf(before);
      return { kind: "kept", content, program: { ...described, verdict: { before: outcome, after: outcome } } };
    }
    let proved: FileReport | undefined;
    await writePatched(content.file, output, forward(plan.edits), { overwrite: false }, async (temporary) => {
      const result = openFile(temporary, name);
      try {
        proved = onlyMachine(await proveResult(source, image, result, plan), plan.machine);
      } finally {
        result.close();
      }
    });
    const fixed = { ...content, file: output, sha256: await sha256Of(output) };
    return {
      kind: "fixed",
      content: fixed,
      program: { ...described, verdict: { before: outcomeOf(before), after: outcomeOf(proved!) } },
    };
  } catch (error) {
    if (error instanceof RefusedError) return { kind: "refused", reasons: error.reasons };
    if (error instanceof InputError) return { kind: "refused", reasons: [error.message] };
    throw error;
  } finally {
    source.close();
  }
}

/** The part of a report that speaks about one machine. */
function onlyMachine(report: FileReport, machine: Machine): FileReport {
  return { ...report, views: report.views.filter((view) => view.machine === machine) };
}
