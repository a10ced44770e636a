/** `--as ape` in memory: the edits are those that were marked, all or nothing, and what was begun is known and finished. */

import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { check } from "../../../src/check/check.js";
import { outcomeOf } from "../../../src/check/model.js";
import { applyToCopy, backward } from "../../../src/fix/apply.js";
import { apeProgram } from "../../fixtures/programs/ape-programs.js";
import { repairPortablyByHand, sampleProgram, samplePrograms } from "../../fixtures/programs/index.js";
import { apply, classNames, findingsOf, planAs, without } from "../../support/portable/repairs.js";

const apes = samplePrograms().filter((program) => program.start === "shell" && program.gvisor.ptrace !== "runs");
const ids = (findings: readonly { readonly rule: string }[]) => findings.map((finding) => finding.rule);

describe.each(apes.map((program) => [program.name, program] as const))("%s", (_name, program) => {
  test("gets the marked edits alone; the size stays", async () => {
    const plan = await planAs(program.bytes, "ape");
    expect(plan).toMatchObject({ as: "ape", machine: "x86-64" });
    expect(Buffer.compare(apply(program.bytes, plan), repairPortablyByHand(program))).toBe(0);
    expect(plan.warnings.join()).toMatch(/PR_SET_MDWE/);
  });

  test("checks as running, and as rewriting itself", async () => {
    const fixed = apply(program.bytes, await planAs(program.bytes, "ape"));
    const report = await check(memorySource(fixed));
    expect(outcomeOf({ ...report, views: report.views.slice(0, 1) })).toBe("runs");
    expect(report.views[0]).toMatchObject({ runtime: { name: "cosmopolitan", era: "gs" } });
    expect(ids(await findingsOf(fixed))).toEqual(["rewrites-itself", "ape-not-elf"]);
  });

  test("comes back byte for byte; a second time changes nothing", async () => {
    const plan = await planAs(program.bytes, "ape");
    const fixed = apply(program.bytes, plan);
    expect((await planAs(fixed, "ape")).edits).toEqual([]);
    expect(Buffer.compare(applyToCopy(fixed, backward(plan.edits)), program.bytes)).toBe(0);
  });

  test("can still become an ELF, which does not rewrite itself", async () => {
    const fixed = apply(program.bytes, await planAs(program.bytes, "ape"));
    const elf = apply(fixed, await planAs(fixed, "elf"));
    expect(await findingsOf(elf)).toEqual([]);
    expect((await planAs(elf, "elf")).edits).toEqual([]);
  });

  const hasPairs = program.sites.some((site) => site.kind === "pair-mask");
  test.each(classNames.filter((one) => hasPairs || one !== "pairs"))("without its %s it is half repaired", async (missing) => {
    const plan = await planAs(program.bytes, "ape");
    const half = without(program.bytes, plan, missing);
    const finding = (await findingsOf(half)).find((one) => one.rule === "tls-in-gs");
    expect(finding?.facts["missing"]).toMatch({ constants: /ARCH_SET_FS/, masks: /rewriter/, pairs: /privileged/ }[missing]);
    expect(finding?.effects.ptrace.consequence).toBe(missing === "pairs" ? "may-fail" : "fails");
    expect(outcomeOf(await check(memorySource(half)))).not.toBe("runs");
    // Finishing it is a fix, of either form.
    const finished = apply(half, await planAs(half, "ape"));
    expect(Buffer.compare(finished, apply(program.bytes, plan))).toBe(0);
    expect(await findingsOf(apply(half, await planAs(half, "elf")))).toEqual([]);
  });
});

test("the constant in front of malloc(4097) and the FreeBSD one stay", async () => {
  const program = sampleProgram("ape-gs-threads-b");
  const offsets = new Set((await planAs(program.bytes, "ape")).edits.map((edit) => edit.fileOffset));
  for (const { kind, offset } of program.sites) {
    if (kind === "freebsd-constant" || kind === "unrelated-constant") expect(offsets.has(offset + 1)).toBe(false);
  }
});

describe("refused, with the reason and the ELF offered", () => {
  test("a build without a rewriter", async () => {
    const { bytes } = apeProgram({ name: "ape-no-morph", description: "", morph: false });
    await expect(planAs(bytes, "ape")).rejects.toThrow(/no run-time rewriter \(__morph_tls\)[\s\S]*without --as ape/);
    expect((await planAs(bytes, "elf")).notes.join()).toMatch(/cannot stay one file for all systems.*no run-time rewriter/);
  });

  test("what is an ELF already", async () => {
    const { bytes } = sampleProgram("ape-gs-elf");
    await expect(planAs(bytes, "ape")).rejects.toThrow(
      /no APE but an ELF already, which `sandfit fix` repairs without --as ape$/,
    );
  });

  test("an access outside the range that the rewriter scans", async () => {
    const program = sampleProgram("ape-gs");
    const bytes = moveLowBound(program.bytes, program.labels);
    await expect(planAs(bytes, "ape")).rejects.toThrow(/lies outside the range that __morph_tls scans[\s\S]*without --as ape/);
  });

  test("a pair whose test is not the known one", async () => {
    const program = sampleProgram("ape-gs-threads-a");
    const bytes = program.bytes.slice();
    const pair = program.sites.find((site) => site.kind === "pair-mask")!;
    bytes[pair.offset + 2] = 0x40;
    await expect(planAs(bytes, "ape")).rejects.toThrow(/no host test of the known form guards 0x\w+ \(mov %fs:\(%rax\),%rax\)/);
  });

  test("a rewriter behind a test that is not the known one", async () => {
    const program = sampleProgram("ape-gs");
    const bytes = program.bytes.slice();
    const mask = program.sites.find((site) => site.kind === "morph-mask")!;
    bytes[mask.offset + 3] = 0x50;
    await expect(planAs(bytes, "ape")).rejects.toThrow(/0 host tests stand in front of the call of __morph_tls instead of one/);
  });

  test("stacks whose branch other systems reach as well", async () => {
    const program = sampleProgram("ape-gs-threads-a");
    const bytes = program.bytes.slice();
    // `test $LINUX,%al; je plain` in front of it asks for Linux or macOS now.
    const jump = program.sites.find((site) => site.kind === "stack-jump-a")!;
    expect(Buffer.from(bytes.subarray(jump.offset - 2, jump.offset)).toString("hex")).toBe("a801");
    bytes[jump.offset - 1] = 0x09;
    await expect(planAs(bytes, "ape")).rejects.toThrow(/stack-growsdown: it is not seen that only Linux takes the way/);
  });
});

test("an ELF is what `fix` gives by default; one line tells authors of the other", async () => {
  const plan = await planAs(sampleProgram("ape-gs").bytes, "elf");
  expect(plan.as).toBe("elf");
  expect(plan.notes.filter((note) => note.includes("--as ape"))).toHaveLength(1);
  expect((await planAs(sampleProgram("gs-call").bytes, "elf")).notes).toEqual([]);
});

/** The program with a rewriter that begins behind the first of its accesses. */
function moveLowBound(bytes: Uint8Array, labels: ReadonlyMap<string, number>): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const from = labels.get("__morph_tls")! - 0x400000;
  const low = labels.get("_start")!;
  let moved = 0;
  for (let at = from; at < from + 0x200; at++) {
    if (copy[at] !== 0xb8 || view.getUint32(at + 1, true) !== low) continue;
    view.setUint32(at + 1, labels.get("main")! + 0x40, true);
    moved++;
  }
  expect(moved).toBe(2);
  return copy;
}
