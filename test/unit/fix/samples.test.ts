/** Every sample program through check and fix in memory: the edits are those that were marked when it was assembled, and no others. */

import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { check } from "../../../src/check/check.js";
import { outcomeOf } from "../../../src/check/model.js";
import { RefusedError } from "../../../src/errors.js";
import { applyToCopy, backward, forward } from "../../../src/fix/apply.js";
import { type Plan, planFix } from "../../../src/fix/plan.js";
import { readImage } from "../../../src/image/detect.js";
import { repairByHand, type SampleProgram, sampleProgram, samplePrograms } from "../../fixtures/programs/index.js";

async function plan(bytes: Uint8Array, allow: readonly "cosmo-dlopen"[] = []): Promise<Plan> {
  const source = memorySource(bytes, "program");
  return planFix(source, await readImage(source), await check(source), { allow });
}

/** What the hand-made repair of the Linux x86-64 part comes to, as an ELF. */
function expected(program: SampleProgram): Uint8Array {
  const bytes = repairByHand(program);
  for (const { kind, offset } of program.sites) {
    if (kind === "stack-jump-arm") bytes.set(program.bytes.subarray(offset, offset + 4), offset);
  }
  return bytes;
}

const repairable = samplePrograms().filter((program) => program.repaired === "runs" && program.name !== "gs-dlopen");

describe.each(repairable.map((program) => [program.name, program] as const))("%s", (_name, program) => {
  test("gets the marked edits alone", async () => {
    const { edits } = await plan(program.bytes);
    const fixed = applyToCopy(program.bytes, forward(edits));
    const isHeader = (offset: number) => program.start === "shell" && offset < 64;
    const changed = differences(program.bytes, fixed).filter((offset) => !isHeader(offset));
    // Where nothing is seen to call a function that only Windows calls, its thread state may move along: it never runs.
    const windows = new Set(program.sites.filter((site) => site.kind === "windows").map((site) => site.offset));
    expect(changed.filter((offset) => !windows.has(offset))).toEqual(differences(program.bytes, expected(program)));
  });

  test("checks clean afterwards, and fixing it again changes nothing", async () => {
    const { edits } = await plan(program.bytes);
    const fixed = applyToCopy(program.bytes, forward(edits));
    const report = await check(memorySource(fixed));
    expect(outcomeOf({ ...report, views: report.views.slice(0, 1) })).toBe("runs");
    expect((await plan(fixed)).edits).toEqual([]);
  });

  test("comes back byte for byte", async () => {
    const { edits } = await plan(program.bytes);
    const fixed = applyToCopy(program.bytes, forward(edits));
    expect(differences(applyToCopy(fixed, backward(edits)), program.bytes)).toEqual([]);
  });
});

const healthy = [
  "healthy",
  "fs-threads",
  "fs-adc-lookalike",
  "fs-newest-lookalike",
  "jump-table-lookalike",
  "fs-plain-main-stack",
];

describe.each(healthy)("%s", (name) => {
  test("is called healthy and left alone", async () => {
    const { bytes } = sampleProgram(name);
    expect(outcomeOf(await check(memorySource(bytes)))).toBe("runs");
    expect((await plan(bytes)).edits).toEqual([]);
  });
});

test("ape-fs only gets its ELF header", async () => {
  const { edits } = await plan(sampleProgram("ape-fs").bytes);
  expect(edits.map((edit) => edit.rule)).toEqual(["ape-not-elf"]);
});

describe("what cannot be repaired is refused with its reason", () => {
  test.each([
    ["dual-register", /gs-beside-fs/],
    ["fs-turned-gs", /cosmo-dlopen: the program moves its own thread state to %gs at start/],
    ["gs-dlopen", /cosmo-dlopen: .*--keep-dlopen/],
    ["elf32-hello", /wrong-class/],
  ])("%s", async (name, reason) => {
    await expect(plan(sampleProgram(name).bytes)).rejects.toThrow(reason);
    await expect(plan(sampleProgram(name).bytes)).rejects.toBeInstanceOf(RefusedError);
  });

  test("gs-dlopen is converted when that is asked for by name, with a warning", async () => {
    const program = sampleProgram("gs-dlopen");
    const { edits, warnings } = await plan(program.bytes, ["cosmo-dlopen"]);
    const fixed = applyToCopy(program.bytes, forward(edits));
    expect(differences(fixed, expected(program))).toEqual([]);
    expect(warnings.join()).toMatch(/host's C library/);
  });
});

/** Offsets at which two byte strings of the same length differ. */
function differences(a: Uint8Array, b: Uint8Array): number[] {
  expect(a.length).toBe(b.length);
  const offsets: number[] = [];
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) offsets.push(i);
  return offsets;
}
