/**
 * The worst inputs of each pass that follows code: what it counts (edges, entries of tables, steps of searches) grows no faster than the
 * file, and a search that has to be given up leaves the verdict open. Counts, no seconds: a test that measures time fails on busy machines.
 */

import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { checkImage } from "../../../src/check/check.js";
import { MODEL_VERSION, outcomeOf } from "../../../src/check/model.js";
import { ArmCode } from "../../../src/code/aarch64/code.js";
import { valueBefore } from "../../../src/code/aarch64/values.js";
import type { Code } from "../../../src/code/code.js";
import { CodeSpace } from "../../../src/code/code-space.js";
import { DataSpace } from "../../../src/code/data-space.js";
import { GaveUpError } from "../../../src/code/limits.js";
import type { RefusedError } from "../../../src/errors.js";
import { planFix } from "../../../src/fix/plan.js";
import { newest } from "../../../src/gvisor/gvisor.js";
import { readImage } from "../../../src/image/detect.js";
import { readRelr } from "../../../src/image/relocation-tables.js";
import { renderJson } from "../../../src/report/json.js";
import { plain } from "../../../src/report/paint.js";
import { renderSarif } from "../../../src/report/sarif.js";
import { renderText } from "../../../src/report/text.js";
import { rules } from "../../../src/rules/index.js";
import { prepareSubject } from "../../../src/rules/subject.js";
import { buildElf } from "../../fixtures/images/elf-builder.js";
import { often } from "../../support/often.js";
import { conforming } from "../../support/schema.js";

const CODE = 0x401000;
const DATA = 0x2000_0000;

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
};
const address = (value: number): Buffer => Buffer.concat([word(value), word(0)]);
const times = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));

/** mov $ARCH_SET_GS,%edi; mov $arch_prctl,%eax; syscall; mov %gs:0x30,%rax */
const FAULT = hex("bf01100000 b89e000000 0f05 65488b042530000000");
/** exit(0) and hlt. */
const END = hex("31ff b83c000000 0f05 f4");
/** Entries of a table. */
const TABLE = 4096;

interface Shape {
  readonly code: Buffer;
  readonly data?: Buffer;
  /** Where execution starts, from the code's beginning. */
  readonly entry?: number;
}

/** So many that no search of the shapes below has to be given up. */
const FEW = often(500, 1500);

const shapes: Readonly<Record<string, (count: number) => Shape>> = {
  "jumps by one table of addresses": (count) => ({
    code: Buffer.concat([FAULT, times(count, () => Buffer.concat([hex("740c 3dff0f0000 ff24c5"), word(DATA)])), END]),
    data: times(TABLE, () => address(CODE + FAULT.length)),
  }),
  "jumps by a table each, which overlap": (count) => ({
    code: Buffer.concat([
      FAULT,
      times(count, (index) => Buffer.concat([hex("7407 ff24c5"), word(DATA + 8 * (index % TABLE))])),
      END,
    ]),
    data: times(2 * TABLE, () => address(CODE + FAULT.length)),
  }),
  "jumps by one table of distances": (count) => ({
    code: Buffer.concat([
      FAULT,
      times(count, (index) => {
        const next = CODE + FAULT.length + index * 23 + 9;
        return Buffer.concat([hex("7415 488d15"), word(DATA - next), hex("3dff0f0000 48630482 4801d0 ffe0")]);
      }),
      END,
    ]),
    data: times(TABLE, () => word(CODE - DATA)),
  }),
  "callers of one function that makes the call": (count) => ({
    code: Buffer.concat([
      hex("b89e000000 0f05 c3"),
      hex("bf01100000"),
      times(count, (index) => Buffer.concat([hex("e8"), word(-(8 + 5 + 5 * (index + 1)))])),
      FAULT.subarray(12),
      END,
    ]),
    entry: 8,
  }),
  "branches to one syscall": (count) => ({
    code: Buffer.concat([
      FAULT,
      hex("b827000000 0f05"),
      times(count, (index) => Buffer.concat([hex("0f84"), word(-(2 + 6 * (index + 1)))])),
      END,
    ]),
  }),
  "system calls in a row": (count) => ({
    code: Buffer.concat([FAULT, hex("bf01100000"), times(count, () => hex("8b0500001000 0f05")), END]),
  }),
  "mappings in a row": (count) => ({
    code: Buffer.concat([FAULT, times(count, () => hex("41ba03000000 b809000000 0f05")), END]),
  }),
  "indirect jumps that a constant gets to, and branches": (count) => ({
    code: Buffer.concat([
      hex("bf01100000"),
      times(count, () => hex("7402 ffe0")),
      times(50 * count, () => hex("7400")),
      FAULT,
      END,
    ]),
  }),
  "pairs that systrap rewrites by mistake": (count) => ({
    code: Buffer.concat([FAULT, times(count, () => hex("b86e000000 41b86e000000 0f05")), END]),
  }),
  "accesses, one behind the other": (count) => ({ code: Buffer.concat([FAULT, times(count, () => FAULT.subarray(12)), END]) }),
};

function fileOf({ code, data = Buffer.alloc(8), entry = 0 }: Shape): Uint8Array {
  return buildElf({
    type: 2,
    entry: CODE + entry,
    segments: [
      { address: CODE, bytes: new Uint8Array(code), flags: 5 },
      { address: DATA, bytes: new Uint8Array(data), flags: 6, memorySize: data.length + 4096 },
    ],
  });
}

async function analysed(shape: Shape): Promise<Code> {
  const source = memorySource(fileOf(shape), "program");
  const image = await readImage(source);
  const subject = await prepareSubject({ source, image, target: newest, surroundings: {} }, image.elf[0]!);
  for (const rule of rules) await ("find" in rule ? rule.find(subject) : rule.findInFile(subject));
  return (await subject.code()).code;
}

async function costs(shape: Shape): Promise<Record<string, number>> {
  const { walk } = await analysed(shape);
  return { ...walk.size, steps: walk.steps.taken };
}

test.each(Object.entries(shapes))("ten times the %s take at most eleven times the steps", async (_, make) => {
  const [small, large] = [await costs(make(FEW / 10)), await costs(make(FEW))];
  // The table is the same one.
  for (const what of Object.keys(small)) {
    expect(large[what], `${what}: ${small[what]}, then ${large[what]}`).toBeLessThanOrEqual(11 * Math.max(200, small[what]!));
  }
});

test("whatever the file, a walk keeps few edges for each byte of it", async () => {
  for (const make of Object.values(shapes)) {
    const shape = make(often(1000, 5000));
    const { edges, entries, steps } = await costs(shape);
    const size = shape.code.length + (shape.data?.length ?? 0);
    expect(edges! + entries!).toBeLessThanOrEqual(2 * (1 << 16) + 2 * size);
    expect(steps!).toBeLessThanOrEqual(1_100_000 + size);
  }
});

async function checked(shape: Shape) {
  const source = memorySource(fileOf(shape), "program");
  const image = await readImage(source);
  const report = await checkImage(source, image);
  const refusals = await planFix(source, image, report).then(
    () => [],
    (error: RefusedError) => error.reasons,
  );
  return { outcome: outcomeOf(report), undecided: report.views[0]!.undecided, refusals, verdicts: report.views[0]!.verdicts };
}

describe("what is not followed to its end", () => {
  const callers = shapes["callers of one function that makes the call"]!;

  test("few callers: the fault is found", async () => {
    const { outcome, undecided, refusals } = await checked(callers(1000));
    expect({ outcome, undecided }).toEqual({ outcome: "fails", undecided: [] });
    // It is no runtime that is known, so it is not converted; but not since anything was given up.
    expect(refusals.join()).not.toMatch(/not decided|too many/);
  });

  test("too many: not decided, on every platform, and never changed", async () => {
    const { outcome, undecided, refusals, verdicts } = await checked(callers(30_000));
    expect({ outcome, undecided }).toEqual({ outcome: "undecided", undecided: ["arch-prctl"] });
    for (const verdict of Object.values(verdicts)) expect(verdict).toMatchObject({ outcome: "undecided", afterFix: "undecided" });
    expect(refusals).toEqual([expect.stringMatching(/^not decided: too many ways lead to/)]);
  });

  test("every form of the report says so", async () => {
    const source = memorySource(fileOf(callers(30_000)), "many");
    const file = await checkImage(source, await readImage(source));
    const report = { version: MODEL_VERSION, target: newest, files: [file] } as const;
    conforming("report-1", renderJson(report));
    const options = { all: false, why: false, paint: plain };
    expect(renderText(report, options)).toMatch(
      /: not decided whether it runs in gVisor[\s\S]*systrap, ptrace and kvm: not decided: too many ways to follow/,
    );
    const gathered = renderText({ ...report, files: new Array(20).fill(file) }, options);
    expect(gathered).toMatch(/20 programs: not decided/);
    expect(gathered).toMatch(/20 not decided, 0 with nothing against them/);
    expect(renderSarif(report)).toMatch(/"text": "many \(x86-64\): not decided: too many ways lead to/);
  });

  test("tables with more entries than the code has bytes", async () => {
    const jumps = shapes["jumps by a table each, which overlap"]!;
    const { code, data } = jumps(100);
    const healthy = { code: Buffer.concat([code.subarray(FAULT.length), END]), data: data! };
    for (let at = 0; at < healthy.data.length; at += 8) healthy.data.writeInt32LE(CODE, at);
    expect(await checked(healthy)).toMatchObject({ outcome: "runs", undecided: [] });
    // A mapping that would have to be looked at makes rules walk at all.
    const looked = { ...healthy, code: Buffer.concat([hex("41ba22010000 b809000000 0f05"), healthy.code]) };
    expect(await checked(looked)).toMatchObject({ undecided: ["jump-tables"] });
  });
});

describe("a name inside an instruction that the entry point leads to", () => {
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])("%i bytes into the call hides nothing", async (offset) => {
    const bytes = buildElf({
      type: 2,
      entry: CODE,
      segments: [{ address: CODE, bytes: new Uint8Array(Buffer.concat([FAULT, END])), flags: 5, memorySize: 4096 }],
      sections: [{ name: ".text", type: 1, flags: 6, address: CODE, offset: 0x1000, size: FAULT.length + END.length }],
      symbols: [{ name: "evil", address: CODE + offset, size: 1 }],
    });
    const source = memorySource(bytes, "program");
    const report = await checkImage(source, await readImage(source));
    expect(outcomeOf(report)).toBe("fails");
    expect(report.views[0]!.findings.map(({ rule }) => rule)).toContain("tls-in-gs");
  });
});

test("bitmaps of relocations speak of no more words than the file has", async () => {
  const bitmaps = Buffer.alloc(8 + 8 * 4000, 0xff);
  bitmaps.writeBigUInt64LE(BigInt(DATA), 0);
  const bytes = buildElf({ type: 3, entry: CODE, segments: [{ address: DATA, bytes: new Uint8Array(bitmaps), flags: 6 }] });
  const source = memorySource(bytes, "program");
  const view = (await readImage(source)).elf[0]!;
  const dynamic = { relr: { address: DATA, size: bitmaps.length } } as NonNullable<typeof view.dynamic>;
  const slots = await readRelr(source, { ...view, dynamic }, 4_000_000);
  expect(slots.length).toBeLessThan(bytes.length / 8 + 64);
  expect(slots.slice(0, 3)).toEqual([DATA, DATA + 8, DATA + 16]);
});

test("aarch64: ways that part and meet again and again are given up, with an error that the rule knows", () => {
  // cbz x1, .+8; add x0, x0, #1: each leaves x0 as it is or adds to it, so the values double with each pair.
  const pair = [0xb4000041, 0x91000400];
  const words = Uint32Array.from({ length: 1000 }, (_, index) => pair[index % 2]!);
  const bytes = new Uint8Array(words.buffer);
  const space = new CodeSpace(bytes, [{ start: 0, size: bytes.length, address: CODE, fileOffset: 0 }]);
  const code = new ArmCode(space, new DataSpace([]));
  expect(() => {
    for (let count = 0; count < 1_000_000; count++) valueBefore(code, CODE + bytes.length - 4, 0);
  }).toThrow(GaveUpError);
});
