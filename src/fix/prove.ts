/** The proof after writing, for every command that writes: the result loads the same but for the edits, and checks clean. */

import type { ByteSource } from "../bytes/source.js";
import { checkImage } from "../check/check.js";
import { type FileReport, worst } from "../check/model.js";
import { undecidedWords } from "../code/doubts.js";
import { RefusedError } from "../errors.js";
import { newest } from "../gvisor/gvisor.js";
import { readImage } from "../image/detect.js";
import type { Image, View } from "../image/image.js";
import type { Surroundings } from "../rules/surroundings.js";
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
  const findings = report.views.filter((view) => view.machine === plan.machine).flatMap((view) => view.findings);
  for (const { rule, effects } of findings) {
    const outcome = worst(Object.values(effects).map((effect) => effect.consequence));
    if (plan.repairs.includes(rule)) problems.push(`the result still has ${rule}`);
    else if (outcome === "fails" && !plan.leaves.includes(rule))
      problems.push(`the result has ${rule}, which the original has not`);
  }
  const open = report.views.filter((view) => view.machine === plan.machine).flatMap((view) => view.undecided);
  if (open.length > 0) problems.push(undecidedWords(open));
  // Each class of a portable repair can be missing without anything else to show for it, so the whole of it has to be seen.
  const isWhole = findings.some((finding) => finding.rule === "rewrites-itself");
  if (plan.as === "ape" && plan.repairs.includes("tls-in-gs") && !isWhole) problems.push("the result does not rewrite itself");
  if (problems.length > 0) throw new RefusedError(problems);
  return report;
}

interface Side {
  readonly source: ByteSource;
  readonly image: Image;
}

async function changesBeyond(plan: Plan, original: Side, result: Side): Promise<string[]> {
  if (plan.machine === "any") return textChangesBeyond(original.source, result.source, plan.edits);
  const problems: string[] = [];
  for (const [before, after] of viewPairs(original.image, result.image, plan)) {
    const [one, other] = [
      { source: original.source, view: before },
      { source: result.source, view: after },
    ];
    problems.push(...(await unexplainedDifferences(one, other, plan.edits)));
  }
  return problems;
}

/** The views to compare, before and after: of an ELF the one it has, of an APE all that any system would load. */
function viewPairs(image: Image, fixed: Image, plan: Plan): [View, View][] {
  const views = ({ elf, pe, macho }: Image): View[] =>
    plan.as === "elf"
      ? elf.filter((view) => view.machine === plan.machine)
      : [...elf, ...(pe === undefined ? [] : [pe]), ...macho];
  const [before, after] = [views(image), views(fixed)];
  const shape = (all: readonly View[]) => all.map((view) => `${view.format} ${view.machine}`).join();
  if (before.length === 0 || shape(before) !== shape(after)) {
    throw new RefusedError([
      `the result has other programs (${shape(after) || "none"}) than the original (${shape(before) || "none"})`,
    ]);
  }
  return before.map((view, index) => [view, after[index]]);
}
