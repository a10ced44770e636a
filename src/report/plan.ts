/** A plan as people read it. */

import { printable } from "../bytes/printable.js";
import { isEmpty, type Plan } from "../fix/plan.js";
import type { Edit } from "../rules/define.js";
import type { Paint } from "./paint.js";
import { plural, spaced } from "./words.js";

export interface PlanWords {
  /** Where the result was written; undefined where it was not. */
  readonly output: string | undefined;
  /** Whether that is the input itself. */
  readonly replacesInput: boolean;
  readonly dryRun: boolean;
  /** What the result does not take over from the input, one sentence each. */
  readonly lost: readonly string[];
  readonly paint: Paint;
}

/** The plan line by line; ends with a line feed. */
export function renderPlan(plan: Plan, words: PlanWords): string {
  const { paint } = words;
  const name = printable(plan.input.name);
  const left = plan.leaves.length > 0 ? `  ${paint.dim("left   ")} as it is: ${plan.leaves.join(", ")}\n` : "";
  if (isEmpty(plan)) return `${paint.bold(name)}   nothing to change\n${left}${written(name, words, true)}`;
  const bytes = plan.edits.reduce((sum, edit) => sum + edit.before.length / 2, 0);
  let text = `${paint.bold(name)}   ${plural(plan.edits.length, "edit")}, ${plural(bytes, "byte")}, for ${plan.machine === "any" ? "any machine" : plan.machine}\n`;
  for (const edit of plan.edits) text += `  ${editLine(edit, paint)}\n`;
  if (plan.mode !== undefined) text += `  permissions ${octal(plan.mode.before)} → ${octal(plan.mode.after)}\n`;
  for (const warning of plan.warnings) text += `  ${paint.yellow("warning")} ${printable(warning)}\n`;
  for (const note of plan.notes) text += `  ${paint.dim("note   ")} ${printable(note)}\n`;
  return text + left + written(name, words, false);
}

const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

function editLine(edit: Edit, paint: Paint): string {
  const where = edit.address === undefined ? "" : `0x${edit.address.toString(16)} `;
  const change =
    edit.before.length > 24 ? `${plural(edit.before.length / 2, "byte")}` : `${spaced(edit.before)} → ${spaced(edit.after)}`;
  return `${where}(file offset 0x${edit.fileOffset.toString(16)})  ${change}  ${paint.dim(`${printable(edit.what)}; ${edit.rule}, ${edit.evidence}`)}`;
}

function written(name: string, { output, replacesInput, dryRun, lost, paint }: PlanWords, isCopy: boolean): string {
  if (output === undefined)
    return `  ${paint.dim(dryRun ? "nothing was written (--dry-run)" : `nothing was written; ${name} is as it was`)}\n`;
  const notes = lost.map((sentence) => `  ${paint.dim("note   ")} ${printable(sentence)}\n`).join("");
  const which = replacesInput ? "" : isCopy ? `, a copy of ${name}` : `; ${name} is as it was`;
  return `${notes}  ${paint.green("wrote")} ${printable(output)}${which}\n`;
}
