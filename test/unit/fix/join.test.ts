/** One fix after another: the two ways back become one, which leads to the first original. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { checkImage } from "../../../src/check/check.js";
import { RefusedError } from "../../../src/errors.js";
import { applyToCopy, backward, forward } from "../../../src/fix/apply.js";
import { joinPlans } from "../../../src/fix/join.js";
import { isEmpty, type Plan, planFix } from "../../../src/fix/plan.js";
import { readImage } from "../../../src/image/detect.js";
import type { RuleId } from "../../../src/rules/ids.js";
import { sampleProgram, samplePrograms } from "../../fixtures/programs/index.js";
import { often } from "../../support/often.js";

/** The plan for what one rule finds, or for all; undefined where it is refused. */
async function planOf(bytes: Uint8Array, only?: RuleId): Promise<Plan | undefined> {
  const source = memorySource(bytes, "program");
  const image = await readImage(source);
  try {
    return await planFix(source, image, await checkImage(source, image), only === undefined ? {} : { only });
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

interface Fixed {
  readonly bytes: Uint8Array;
  readonly plan: Plan;
  /** How many fixes are in the plan. */
  readonly count: number;
}

/** Fixes by one rule after the other, as `fix --in-place --only RULE` does, and keeps one way back. */
async function fixInTurns(original: Uint8Array, rules: readonly (RuleId | undefined)[]): Promise<Fixed | undefined> {
  let fixed: Fixed | undefined;
  for (const rule of rules) {
    const bytes = fixed?.bytes ?? original;
    const next = await planOf(bytes, rule);
    if (next === undefined || isEmpty(next)) continue;
    const plan = fixed === undefined ? next : joinPlans(fixed.plan, next);
    fixed = { bytes: applyToCopy(bytes, forward(next.edits)), plan, count: (fixed?.count ?? 0) + 1 };
  }
  return fixed;
}

/** Samples that more than one rule repairs, with the rules. */
const several = (
  await Promise.all(samplePrograms().map(async ({ name, bytes }) => ({ name, rules: (await planOf(bytes))?.repairs ?? [] })))
).filter(({ rules }) => rules.length > 1);

test("the way back of several fixes, in any order, is the first original", async () => {
  expect(several.length).toBeGreaterThan(5);
  const turns = fc.constantFrom(...several).chain(({ name, rules }) =>
    fc.record({
      name: fc.constant(name),
      rules: fc.shuffledSubarray([...rules, undefined], { minLength: 2 }),
    }),
  );
  let joined = 0;
  await fc.assert(
    fc.asyncProperty(turns, async ({ name, rules }) => {
      const original = sampleProgram(name).bytes;
      const fixed = await fixInTurns(original, rules);
      if (fixed === undefined) return;
      if (fixed.count > 1) joined++;
      expect(Buffer.compare(applyToCopy(fixed.bytes, backward(fixed.plan.edits)), original)).toBe(0);
      expect(Buffer.compare(applyToCopy(original, forward(fixed.plan.edits)), fixed.bytes)).toBe(0);
    }),
    { numRuns: often(20, 150) },
  );
  expect(joined).toBeGreaterThan(often(2, 20));
});

describe("a joined plan", () => {
  const edit = (fileOffset: number, before: string, after: string) =>
    ({ fileOffset, before, after, rule: "tls-in-gs", what: "", evidence: "entry" }) as Plan["edits"][number];
  const plan = (edits: Plan["edits"], more: Partial<Plan> = {}): Plan => ({
    version: 1,
    as: "elf",
    input: { name: "program", size: 100 },
    machine: "x86-64",
    edits,
    repairs: [],
    leaves: [],
    warnings: [],
    notes: [],
    ...more,
  });

  test("has the first mode before and the last after, and what both repaired, once", () => {
    const former = plan([edit(8, "65", "64")], { mode: { before: 0o111, after: 0o511 }, repairs: ["exec-only-mode"] });
    const next = plan([edit(4, "65", "64")], {
      mode: { before: 0o511, after: 0o555 },
      repairs: ["exec-only-mode", "tls-in-gs"],
      leaves: ["abi-tag"],
    });
    const joined = joinPlans(former, next);
    expect(joined.mode).toEqual({ before: 0o111, after: 0o555 });
    expect(joined.edits.map((one) => one.fileOffset)).toEqual([4, 8]);
    expect(joined).toMatchObject({ repairs: ["exec-only-mode", "tls-in-gs"], leaves: ["abi-tag"] });
    expect(joinPlans(former, plan([])).mode).toEqual(former.mode);
    expect(joinPlans(plan([]), next).mode).toEqual(next.mode);
  });

  test("is refused where both change the same bytes, or one changed the length", () => {
    expect(() => joinPlans(plan([edit(4, "65", "64")]), plan([edit(4, "64", "65")]))).toThrow(
      /was fixed before, in bytes that have/,
    );
    expect(() => joinPlans(plan([edit(4, "0065", "0064")]), plan([edit(5, "64", "66")]))).toThrow(/in bytes that have to change/);
    expect(() => joinPlans(plan([edit(2, "20", "")]), plan([edit(9, "65", "64")]))).toThrow(
      /changed its length; `sandfit undo` it/,
    );
  });
});
