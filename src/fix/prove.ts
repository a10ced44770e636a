/** The proof after writing, for every command that writes: the result loads the same but for the edits, and checks clean. */

import type { ByteSource } from "../bytes/source.js";
import { checkImage } from "../check.js";
import { RefusedError } from "../errors.js";
import { readImage } from "../image/detect.js";
import type { Image } from "../image/image.js";
import { type FileReport, outcomeOf } from "../report/model.js";
import { unexplainedDifferences } from "./layout.js";
import type { Plan } from "./plan.js";

/**
 * Reads the result of a plan back and checks it anew; returns what that check says.
 * `image` is that of `original`, which the plan was made for. Throws RefusedError with everything that is wrong.
 */
export async function proveResult(original: ByteSource, image: Image, result: ByteSource, plan: Plan): Promise<FileReport> {
  const fixed = await readImage(result);
  const originalView = image.elf.find((view) => view.machine === plan.machine);
  const fixedView = fixed.elf.find((view) => view.machine === plan.machine);
  if (originalView === undefined || fixedView === undefined) {
    throw new RefusedError([`the result has no ${plan.machine} program`]);
  }
  const problems = await unexplainedDifferences(
    { source: original, view: originalView },
    { source: result, view: fixedView },
    plan.edits,
  );
  const report = await checkImage(result, fixed);
  const remaining = report.views.flatMap((view) => view.findings).filter((finding) => plan.repairs.includes(finding.rule));
  for (const finding of remaining) problems.push(`the result still has ${finding.rule}`);
  if (outcomeOf(report) === "fails") problems.push("the result would still not run");
  if (problems.length > 0) throw new RefusedError(problems);
  return report;
}
