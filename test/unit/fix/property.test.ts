/** Bytes changed at random, all the way through check and plan: a result or a declared error; and undo is the way back. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { checkImage } from "../../../src/check/check.js";
import { InputError, RefusedError } from "../../../src/errors.js";
import { applyToCopy, backward, forward } from "../../../src/fix/apply.js";
import { type Plan, type PlanOptions, planFix } from "../../../src/fix/plan.js";
import { readImage } from "../../../src/image/detect.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { often, processorTime } from "../../support/often.js";

/** Of processor time, and generous: each takes a few. */
const mostMilliseconds = 5000;
const numRuns = Number(process.env["SANDFIT_MUTATIONS"] ?? often(6, 100));

/** The plan, or undefined where a declared error says why there is none. */
async function planOf(bytes: Uint8Array, options: PlanOptions): Promise<Plan | undefined> {
  try {
    const source = memorySource(bytes, "program");
    const image = await readImage(source);
    return await planFix(source, image, await checkImage(source, image), options);
  } catch (error) {
    if (error instanceof InputError || error instanceof RefusedError) return undefined;
    throw error;
  }
}

async function holds(bytes: Uint8Array): Promise<void> {
  for (const options of [{}, { allow: ["cosmo-dlopen"] }, { as: "ape" }] as const) await holdsAs(bytes, options);
}

async function holdsAs(bytes: Uint8Array, options: PlanOptions): Promise<void> {
  let plan: Plan | undefined;
  const time = await processorTime(async () => {
    plan = await planOf(bytes, options);
  });
  expect(time).toBeLessThan(mostMilliseconds);
  if (plan === undefined) return;
  const fixed = applyToCopy(bytes, forward(plan.edits));
  expect(fixed.length).toBe(bytes.length);
  expect(Buffer.compare(applyToCopy(fixed, backward(plan.edits)), bytes)).toBe(0);
}

/** A byte, a run of one value, a cut, or a part copied over another; in the headers or anywhere. */
function mutation(size: number): fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> {
  const place = fc.oneof(fc.nat(Math.min(size, 512) - 1), fc.nat(size - 1));
  const run = fc.tuple(place, fc.nat(255), fc.constantFrom(1, 2, 4, 8, 64));
  return fc.oneof(
    {
      weight: 6,
      arbitrary: run.map(
        ([at, value, length]) =>
          (bytes: Uint8Array) =>
            bytes.fill(value, at, at + length),
      ),
    },
    { weight: 1, arbitrary: fc.nat(size).map((length) => (bytes: Uint8Array) => bytes.slice(0, length)) },
    {
      weight: 3,
      arbitrary: fc.tuple(place, place, fc.nat(128)).map(
        ([from, to, length]) =>
          (bytes: Uint8Array) =>
            bytes.copyWithin(to, from, from + length),
      ),
    },
  );
}

describe("mutations of", () => {
  test.each([
    "gs-call",
    "gs-pie",
    "gs-lookalikes",
    "gs-stack-b",
    "gs-dlopen",
    "gs-dlopen-jump",
    "fs-dlopen-start",
    "dual-register",
    "ape-gs-fat",
    "ape-gs-threads-b",
    "elf32-hello",
  ])("%s", async (name) => {
    const { bytes } = sampleProgram(name);
    await holds(bytes);
    const changes = fc.array(mutation(bytes.length), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(changes, (list) => holds(list.reduce<Uint8Array>((sum, change) => change(sum), bytes.slice()))),
      { numRuns },
    );
  });
});

test("random code inside a sound program", async () => {
  const { bytes } = sampleProgram("gs-call");
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 64, maxLength: 2048 }), (code) => {
      const copy = bytes.slice();
      copy.set(code.subarray(0, copy.length - 0x1000), 0x1000);
      return holds(copy);
    }),
    { numRuns },
  );
});

test("random bytes", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 4096 }), holds), { numRuns });
});
