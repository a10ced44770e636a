/**
 * Programs that are full of what rules look for, as no real one is: a result or one sentence, in time and memory that grow with
 * the file. Fuzzing, whose inputs are small, does not get here.
 */

import { describe, expect, test } from "vitest";
import { programHeaders } from "../../../src/asm/elf-writer.js";
import { Reader } from "../../../src/bytes/reader.js";
import { memorySource } from "../../../src/bytes/source.js";
import { checkImage } from "../../../src/check/check.js";
import { InputError, RefusedError } from "../../../src/errors.js";
import { planFix } from "../../../src/fix/plan.js";
import { readImage } from "../../../src/image/detect.js";
import { SymbolTable } from "../../../src/image/symbol-table.js";
import { sampleProgram } from "../../fixtures/programs/index.js";

const PAGE = 4096;
const PHDR = 56;
const ADDRESS = 0x1000_0000;
const SIZE = 1_000_000;

/** The sample gs-call with a segment of `size` bytes of code behind it; where execution starts there, if told so. */
function withCode(unit: Buffer, size: number, start: "there" | "main"): Buffer {
  const sample = sampleProgram("gs-call").bytes;
  const offset = Math.ceil(sample.length / PAGE) * PAGE;
  const file = Buffer.alloc(offset + size);
  file.set(sample);
  for (let at = 0; at + unit.length <= size; at += unit.length) unit.copy(file, offset + at);
  const [table, count] = [Number(file.readBigUInt64LE(32)), file.readUInt16LE(56)];
  const segment = { type: 1, flags: 5, offset, address: ADDRESS, fileSize: size, memorySize: size, align: PAGE };
  // PT_GNU_STACK stays the last; the sample leaves the rest of its first page to the headers.
  file.copyWithin(table + count * PHDR, table + (count - 1) * PHDR, table + count * PHDR);
  file.set(programHeaders([segment]), table + (count - 1) * PHDR);
  file.writeUInt16LE(count + 1, 56);
  if (start === "there") file.writeBigUInt64LE(BigInt(ADDRESS), 24);
  return file;
}

/** What comes of check and plan: "planned", or the first sentence of a declared error. Any other error passes through. */
async function outcome(file: Buffer): Promise<string> {
  const source = memorySource(file, "program");
  try {
    const image = await readImage(source);
    await planFix(source, image, await checkImage(source, image));
    return "planned";
  } catch (error) {
    if (error instanceof InputError) return error.message;
    if (error instanceof RefusedError) return error.reasons[0]!;
    throw error;
  }
}

describe("a megabyte of", () => {
  test.each([
    ["mov %gs:0x30,%rax", "65488b042530000000", /more than 50,000 accesses through %gs, which no real program has$/],
    ["mov %gs:(%rax),%rax", "65488b00", /more than 50,000 accesses through %gs/],
    ["mov %fs:0,%rax", "64488b042500000000", /./],
    ["mov $ARCH_SET_GS,%edi; mov $arch_prctl,%eax; syscall", "bf01100000b89e0000000f05", /more than 10,000 `syscall` instr/],
    ["mov (%rip),%eax; syscall", "8b05000000000f05", /more than 10,000 `syscall` instructions/],
    ["syscall", "0f05", /more than 10,000 `syscall` instructions/],
    ["mov %eax,%gs", "8ee8", /sets or reads the base of %fs or %gs by itself/],
    ["pop %gs", "0fa9", /sets or reads the base/],
    ["wrgsbase %eax", "f30faed8", /sets or reads the base/],
    ["int $0x80", "cd80", /./],
    ["mmap with MAP_GROWSDOWN", "41ba22010000b8090000000f05", /more than 10,000 `syscall`/],
    ["a pair that systrap rewrites, jumped into", "eb05b8e70000000f05", /more than 10,000 `syscall`/],
    ["calls", "e800000000", /./],
    ["calls of themselves", "e8fbffffff", /./],
    ["jumps", "eb00", /./],
    ["branches", "7400", /./],
    ["nothing", "90", /./],
    ["prefixes", "66", /./],
    ["prefixes without an instruction (REX)", "40", /./],
  ])("%s", async (_, hexadecimal, said) => {
    for (const start of ["there", "main"] as const) {
      const what = await outcome(withCode(Buffer.from(hexadecimal, "hex"), SIZE, start));
      if (start === "there") expect(what).toMatch(said);
      expect(what.split("\n")).toHaveLength(1);
    }
  });
});

test("nearly as many arch_prctl as may be, all of them in one function", async () => {
  const call = Buffer.from("bf01100000b89e0000000f05", "hex");
  for (const start of ["there", "main"] as const) expect(await outcome(withCode(call, 9000 * call.length, start))).toMatch(/./);
});

test("more look-alikes than can be told one by one", async () => {
  expect(await outcome(withCode(Buffer.from("65488b00", "hex"), 4_000_000, "main"))).toMatch(
    /more than 500,000 byte sequences that look like accesses through %gs/,
  );
});

test("a gap of more instructions than a Set holds", async () => {
  const file = withCode(Buffer.from([0x90]), 2 ** 24 + 2 ** 20, "main");
  // Behind the segment's start, where a header might stand, and known code.
  const offset = file.length - 2 ** 24 - 2 ** 20;
  file.set(Buffer.from("c3", "hex"), offset);
  file.set(Buffer.from("65488b042530000000", "hex"), file.length - 64);
  expect(await outcome(file)).toBe("planned");
});

test("one byte, millions of times", async () => {
  const { positionsOf } = await import("../../../src/bytes/find.js");
  expect(() => positionsOf([0x65], new Uint8Array(2 ** 24 + 1).fill(0x65))).toThrow(/full of the same few bytes/);
});

test("a hundred thousand symbols at one name, which does not end for 64 MB", () => {
  const [count, entry] = [100_000, 24];
  const entries = Buffer.alloc(count * entry);
  for (let i = 0; i < count; i++) entries.writeUInt32LE(1, i * entry);
  const names = new Reader(Buffer.alloc(64 << 20, "A"), "names");
  const table = new SymbolTable(new Reader(entries, "symbols"), names, true);
  let named = 0;
  for (let i = 0; i < count; i++) if (table.symbol(i).name !== "") named++;
  expect(named).toBe(0);
});

test("a hundred thousand pointers into a megabyte of code without an end", async () => {
  const [count, length, size] = [100_000, 5, 1 << 20];
  const file = withCode(Buffer.from([0x90]), count * length + 2 + size, "there");
  const code = file.subarray(file.length - count * length - 2 - size);
  for (let i = 0; i < count; i++) {
    // mov $somewhere,%eax
    code[i * length] = 0xb8;
    code.writeUInt32LE(ADDRESS + count * length + 2 + 10 * i, i * length + 1);
  }
  // A jump to itself: what is behind is reached by the pointers alone.
  code.set([0xeb, 0xfe], count * length);
  expect(await outcome(file)).toMatch(/./);
});
