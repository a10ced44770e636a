/** A plan as people read it. */

import { printable } from "../bytes/printable.js";
import { isEmpty, type Plan } from "../fix/plan.js";
import type { Edit } from "../rules/define.js";
import type { Paint } from "./paint.js";
import { plural, spaced } from "./words.js";
import { folded } from "./wrap.js";

export interface PlanWords {
  /** Where the result was written; undefined where it was not. */
  readonly output: string | undefined;
  /** The file with the undo data; undefined where none was written. */
  readonly record?: string | undefined;
  /** Whether the output is the input itself. */
  readonly replacesInput: boolean;
  readonly dryRun: boolean;
  /** Whether to list every edit; default: no. */
  readonly list?: boolean;
  /** What the result does not take over from the input, one sentence each. */
  readonly lost: readonly string[];
  readonly paint: Paint;
  /** Columns to wrap lines at; default: none. */
  readonly width?: number;
}

/** What was done in one line, then the edits where they are asked for, warnings and notes; ends with a line feed. */
export function renderPlan(plan: Plan, words: PlanWords): string {
  const { paint } = words;
  let text = `${paint.bold(printable(plan.input.name))}: ${changes(plan)}; ${written(plan, words)}\n`;
  if (words.list) for (const edit of plan.edits) text += `  ${editLine(edit, paint)}\n`;
  if (plan.mode !== undefined) text += `  permissions: ${octal(plan.mode.before)} → ${octal(plan.mode.after)}\n`;
  for (const warning of plan.warnings) text += `  ${paint.yellow("warning:")} ${printable(warning)}\n`;
  if (!isEmpty(plan)) for (const note of plan.notes) text += `  ${paint.dim("note:")} ${printable(note)}\n`;
  if (words.output !== undefined) for (const one of words.lost) text += `  ${paint.dim("note:")} ${printable(one)}\n`;
  if (plan.leaves.length > 0) text += `  ${paint.dim("left as it is:")} ${plan.leaves.join(", ")}\n`;
  return folded(text, words.width);
}

function changes(plan: Plan): string {
  if (isEmpty(plan)) return "nothing to change";
  const bytes = plan.edits.reduce((sum, edit) => sum + edit.before.length / 2, 0);
  const machine = plan.machine === "any" ? "" : ` (${plan.machine})`;
  return `${plural(plan.edits.length, "edit")}, ${plural(bytes, "byte")}${machine}`;
}

function written(plan: Plan, { output, record, replacesInput, dryRun, paint }: PlanWords): string {
  const name = printable(plan.input.name);
  if (output === undefined) return dryRun ? "wrote nothing (--dry-run)" : `wrote nothing, ${name} is unchanged`;
  const which = replacesInput ? "" : isEmpty(plan) ? `, a copy of ${name}` : ` (${name} is unchanged)`;
  const back = record === undefined ? "" : `; the way back is in ${printable(record)}`;
  return `${paint.green("wrote")} ${printable(output)}${which}${back}`;
}

const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

function editLine(edit: Edit, paint: Paint): string {
  const where = edit.address === undefined ? "" : `0x${edit.address.toString(16)} `;
  const change =
    edit.before.length > 24 ? `${plural(edit.before.length / 2, "byte")}` : `${spaced(edit.before)} → ${spaced(edit.after)}`;
  return `${where}(file offset 0x${edit.fileOffset.toString(16)})  ${change}  ${paint.dim(`${printable(edit.what)}; ${edit.rule}, ${edit.evidence}`)}`;
}
