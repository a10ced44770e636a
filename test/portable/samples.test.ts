/** The portable repair of every sample program with a rewriter: the edits are those that were marked, and twice changes nothing. */

import { describe, expect, test } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check.js";
import { applyToCopy, forward } from "../../src/fix/apply.js";
import { portableEdits, stackEdits } from "../../src/fix/portable/plan.js";
import { readImage } from "../../src/image/detect.js";
import type { Edit } from "../../src/rules/define.js";
import { prepareSubject } from "../../src/rules/subject.js";
import { newest } from "../../src/sandbox/gvisor.js";
import { repairPortablyByHand, sampleProgram, samplePrograms } from "../fixtures/programs/index.js";

async function threadEdits(bytes: Uint8Array): Promise<Edit[]> {
  const source = memorySource(bytes, "program");
  const image = await readImage(source);
  const view = image.elf.find((one) => one.machine === "x86-64");
  if (view === undefined) throw new Error("no x86-64 program");
  return portableEdits(await (await prepareSubject(source, image, view, newest)).code());
}

const names = samplePrograms()
  .filter((program) => program.sites.some((site) => site.kind === "morph-mask"))
  .map((program) => program.name);

describe.each(names)("%s", (name) => {
  test("gets the marked portable edits alone; a second time none", async () => {
    const program = sampleProgram(name);
    const report = await check(memorySource(program.bytes));
    const x86 = report.views.filter((view) => view.machine === "x86-64").flatMap((view) => view.findings);
    const edits = [...(await threadEdits(program.bytes)), ...stackEdits(x86)];
    const fixed = applyToCopy(program.bytes, forward(edits));
    expect(Buffer.compare(fixed, repairPortablyByHand(program))).toBe(0);
    expect(await threadEdits(fixed)).toEqual([]);
  });
});

test("a program without a rewriter is refused, and the ELF offered", async () => {
  await expect(threadEdits(sampleProgram("ape-fs").bytes)).rejects.toThrow(/no run-time rewriter.*writes an ELF/);
});
