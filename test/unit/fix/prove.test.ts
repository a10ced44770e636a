/** The proof refuses: each way in which a result could be wrong is made, and is told. */

import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { checkImage } from "../../../src/check/check.js";
import { RefusedError } from "../../../src/errors.js";
import { applyToCopy, forward } from "../../../src/fix/apply.js";
import type { ResultForm } from "../../../src/fix/form.js";
import { type Plan, planFix } from "../../../src/fix/plan.js";
import { proveResult } from "../../../src/fix/prove.js";
import { readImage } from "../../../src/image/detect.js";
import { sampleProgram } from "../../fixtures/programs/index.js";

/** The plan for a file, its result, and what the proof says of a result: nothing, or its reasons. */
async function planned(bytes: Uint8Array, as: ResultForm = "elf") {
  const source = memorySource(bytes, "program");
  const image = await readImage(source);
  const plan = await planFix(source, image, await checkImage(source, image), { as });
  const prove = async (result: Uint8Array, other: Plan = plan): Promise<readonly string[]> => {
    try {
      await proveResult(source, image, memorySource(result, "program"), other);
      return [];
    } catch (error) {
      if (error instanceof RefusedError) return error.reasons;
      throw error;
    }
  };
  return { plan, fixed: applyToCopy(bytes, forward(plan.edits)), prove };
}

const { plan, fixed, prove } = await planned(sampleProgram("gs-call").bytes);

/** The result with one byte changed. */
function withByte(offset: number, change: (byte: number) => number): Uint8Array {
  const copy = fixed.slice();
  copy[offset] = change(copy[offset]!);
  return copy;
}

describe("of a program", () => {
  test("says nothing of the result as planned", async () => {
    expect(await prove(fixed)).toEqual([]);
  });

  test("another size", async () => {
    expect(await prove(Buffer.concat([fixed, new Uint8Array(1)]))).toContainEqual(
      `the size changed from ${fixed.length} to ${fixed.length + 1} bytes`,
    );
  });

  test("a byte of code that no edit explains, in whatever place", async () => {
    for (const offset of [0x1000, 0x1001, 0x2120, 0x3000, 0x4001]) {
      const said = await prove(withByte(offset, (byte) => byte ^ 0x80));
      expect(said).toContainEqual(`the byte at file offset 0x${offset.toString(16)} changed without an edit`);
    }
  });

  test("more of them than are told one by one", async () => {
    expect((await prove(fixed.slice().fill(0x90, 0x1800, 0x2000))).length).toBeLessThan(20);
  });

  test("an edit that was not made, and a finding that stays", async () => {
    const { fileOffset, before, after } = plan.edits.find((edit) => edit.before === "65")!;
    const said = await prove(withByte(fileOffset, () => Number.parseInt(before.slice(0, 2), 16)));
    expect(said).toContainEqual(
      expect.stringMatching(new RegExp(`at file offset 0x${fileOffset.toString(16)} the result has .* instead of ${after}`)),
    );
    const unchanged = sampleProgram("gs-call").bytes;
    expect(await prove(unchanged, { ...plan, edits: [] })).toContainEqual("the result still has tls-in-gs");
  });

  test("other ranges: a segment moved, or its rights changed", async () => {
    const table = 64;
    const [flags, address] = [table + 4, table + 16];
    for (const said of [await prove(withByte(flags, () => 4)), await prove(withByte(address + 2, (byte) => byte + 1))]) {
      expect(said.join()).toMatch(/the result would load other ranges than the original/);
    }
  });

  test("a finding that the original has not, unless the plan leaves it", async () => {
    const healthy = await planned(sampleProgram("healthy").bytes);
    const other = { ...healthy.plan, leaves: [] };
    const faulty = sampleProgram("gs-call").bytes;
    const fromFaulty = await planned(faulty);
    // Nothing is repaired, and the plan says that nothing was there.
    const said = await fromFaulty.prove(faulty, { ...fromFaulty.plan, edits: [], repairs: [], leaves: [] });
    expect(said).toContainEqual("the result has tls-in-gs, which the original has not");
    expect(await fromFaulty.prove(faulty, { ...fromFaulty.plan, edits: [], repairs: [], leaves: ["tls-in-gs"] })).toEqual([]);
    expect(await healthy.prove(healthy.fixed, other)).toEqual([]);
  });
});

test("of an APE: a result that holds other programs", async () => {
  const { bytes } = sampleProgram("ape-gs-fat");
  const ape = await planned(bytes, "ape");
  const said = await ape.prove((await planned(bytes)).fixed);
  expect(said.join()).toMatch(/the result has other programs \(.*\) than the original \(.*\)/);
  expect(await ape.prove(ape.fixed)).toEqual([]);
});

test("of a script: more changed than the edits", async () => {
  const text = Buffer.from("#!/bin/sh -e \necho hello\n");
  const script = await planned(text);
  expect(script.plan.edits.length).toBeGreaterThan(0);
  expect(await script.prove(script.fixed)).toEqual([]);
  const other = Buffer.from(script.fixed.slice());
  other[other.length - 3] ^= 1;
  expect(await script.prove(other)).toContainEqual("the result differs from the original in more than the edits");
});
