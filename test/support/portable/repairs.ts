/** What the tests of the portable repair share: plans, results, and results from which one class of edits is missing. */

import { memorySource } from "../../../src/bytes/source.js";
import { check } from "../../../src/check/check.js";
import { applyToCopy, forward } from "../../../src/fix/apply.js";
import type { ResultForm } from "../../../src/fix/form.js";
import { type Plan, planFix } from "../../../src/fix/plan.js";
import { readImage } from "../../../src/image/detect.js";
import type { Finding } from "../../../src/rules/define.js";

/** The plan for a result of some form. Throws RefusedError. */
export async function planAs(bytes: Uint8Array, as: ResultForm): Promise<Plan> {
  const source = memorySource(bytes, "program");
  return planFix(source, await readImage(source), await check(source), { as });
}

export function apply(bytes: Uint8Array, plan: Pick<Plan, "edits">): Uint8Array {
  return applyToCopy(bytes, forward(plan.edits));
}

/** The three classes, each by what its edits turn their byte into. */
export const CLASSES = { constants: "02", masks: "55", pairs: "51" } as const;
export type ClassName = keyof typeof CLASSES;
export const classNames = Object.keys(CLASSES) as ClassName[];

/** The repaired program without the edits of one class. */
export function without(bytes: Uint8Array, plan: Plan, missing: ClassName): Uint8Array {
  return apply(bytes, { edits: plan.edits.filter((edit) => edit.after !== CLASSES[missing]) });
}

/** What is found in the x86-64 program of a file. */
export async function findingsOf(bytes: Uint8Array): Promise<readonly Finding[]> {
  const report = await check(memorySource(bytes, "program"));
  return report.views.filter((view) => view.machine === "x86-64").flatMap((view) => view.findings);
}
