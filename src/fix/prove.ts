/** The proof after writing, for every command that writes: the result loads the same but for the edits, and checks clean. */

import type { ByteSource } from "../bytes/source.js";
import { checkImage } from "../check.js";
import { RefusedError } from "../errors.js";
import { readImage } from "../image/detect.js";
import type { Image } from "../image/image.js";
import { type FileReport, worst } from "../report/model.js";
import type { Surroundings } from "../rules/surroundings.js";
import { newest } from "../sandbox/gvisor.js";
import { textChangesBeyond, unexplainedDifferences } from "./layout.js";
import type { Plan } from "./plan.js";

/**
 * Reads the result of a plan back and checks it anew; returns what that check says. `image` is that of `original`, which the plan was
 * made for, `surroundings` those of the result. Throws RefusedError with everything that is wrong.
 */
export async function proveResult(
  original: ByteSource,
  image: Image,
  result: ByteSource,
  plan: Plan,
  surroundings: Surroundings = {},
): Promise<FileReport> {
  const fixed = await readImage(result);
  const problems = await changesBeyond(plan, { source: original, image }, { source: result, image: fixed });
  const report = await checkImage(result, fixed, newest, surroundings);
  for (const { rule, effects } of report.views.flatMap((view) => view.findings)) {
    const outcome = worst(Object.values(effects).map((effect) => effect.consequence));
    if (plan.repairs.includes(rule)) problems.push(`the result still has ${rule}`);
    else if (outcome === "fails" && !plan.leaves.includes(rule))
      problems.push(`the result has ${rule}, which the original has not`);
  }
  if (problems.length > 0) throw new RefusedError(problems);
  return report;
}

interface Side {
  readonly source: ByteSource;
  readonly image: Image;
}

async function changesBeyond(plan: Plan, original: Side, result: Side): Promise<string[]> {
  if (plan.machine === "any") return textChangesBeyond(original.source, result.source, plan.edits);
  const [before, after] = [original, result].map(({ image }) => image.elf.find((view) => view.machine === plan.machine));
  if (before === undefined || after === undefined) throw new RefusedError([`the result has no ${plan.machine} program`]);
  return unexplainedDifferences({ source: original.source, view: before }, { source: result.source, view: after }, plan.edits);
}
