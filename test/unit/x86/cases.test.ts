/** One line per case in cases.txt: what we say, and what iced-x86 says. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decode } from "../../../src/x86/decode.js";
import { Instruction } from "../../../src/x86/instruction.js";
import { scan } from "../../../src/x86/scan.js";
import { Oracle } from "../../support/oracle.js";

interface Case {
  readonly line: number;
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly segment: "fs" | "gs" | "";
  readonly text: string;
}

const cases: Case[] = [];
for (const [i, text] of readFileSync(new URL("../../fixtures/x86-cases.txt", import.meta.url), "utf8")
  .split("\n")
  .entries()) {
  if (text === "" || text.startsWith("#")) continue;
  const [hex, length, note = ""] = text.split(";").map((part) => part.trim()) as [string, string, string?];
  const bytes = Uint8Array.from(hex.split(" "), (byte) => Number.parseInt(byte, 16));
  const segment = note.startsWith("gs ") ? "gs" : note.startsWith("fs ") ? "fs" : "";
  cases.push({ line: i + 1, bytes, length: length === "invalid" ? 0 : Number(length), segment, text });
}

const segmentOf = (insn: Instruction) => (insn.isGs ? "gs" : insn.isFs ? "fs" : "");

describe("cases.txt", () => {
  test("has cases of every kind", () => {
    expect(cases.length).toBeGreaterThan(700);
    expect(cases.filter(({ length }) => length === 0).length).toBeGreaterThan(150);
  });

  test("length and segment", () => {
    const insn = new Instruction();
    for (const { line, bytes, length, segment, text } of cases) {
      expect(decode(bytes, 0, bytes.length, insn), `line ${line}: ${text}`).toBe(length);
      if (length > 0) expect(segmentOf(insn), `line ${line}: ${text}`).toBe(segment);
    }
  });

  test("the same with other bytes behind, at another offset, and by scan", () => {
    const insn = new Instruction();
    for (const { line, bytes, length, text } of cases) {
      const code = new Uint8Array(100).fill(0x90);
      code.set(bytes, 7);
      // An invalid case may be one because it ends too early; those are in the truncation test.
      if (length === 0) continue;
      expect(decode(code, 7, code.length, insn), `line ${line}: ${text}`).toBe(length);
      expect(insn.offset).toBe(7);
      expect(insn.length).toBe(length);
      expect(scan(code, 7, code.length) & 0xff, `line ${line}: ${text}`).toBe(length);
    }
  });

  test("iced-x86 says the same", () => {
    for (const { line, bytes, length, segment, text } of cases) {
      const oracle = new Oracle(bytes);
      expect(oracle.lengthAt(0), `line ${line}: ${text}`).toBe(length);
      if (length > 0) expect(["", "fs", "gs"][[0, 32, 64].indexOf(oracle.segment)], `line ${line}: ${text}`).toBe(segment);
      oracle.free();
    }
  });

  test("cut short anywhere: no instruction, unless a shorter one; never past the end, never an exception", () => {
    const insn = new Instruction();
    for (const { bytes, length } of cases) {
      for (let end = 0; end < bytes.length; end++) {
        const cut = decode(bytes, 0, end, insn);
        expect(cut === 0 || cut <= end).toBe(true);
        if (length > 0 && end < length) expect(cut).toBe(0);
        expect(decode(bytes.slice(0, end), 0, bytes.length, insn)).toBe(cut);
        expect(scan(bytes, 0, end) & 0xff).toBe(cut);
      }
    }
  });
});

describe("fields", () => {
  const insn = new Instruction();
  const decoded = (hex: string) => {
    const bytes = Uint8Array.from(hex.split(" "), (byte) => Number.parseInt(byte, 16));
    expect(decode(bytes, 0, bytes.length, insn)).toBe(bytes.length);
    return insn;
  };

  test("mov %gs:0x30,%rax", () => {
    expect(decoded("65 48 8b 04 25 30 00 00 00")).toMatchObject({
      rex: 0x48,
      map: 0,
      opcode: 0x8b,
      opcodeAt: 2,
      modrm: 0x04,
      sib: 0x25,
      disp: 0x30,
      dispSize: 4,
      dispAt: 5,
      immSize: 0,
      isGs: true,
      base: -1,
      index: -1,
      reg: 0,
      wide: true,
    });
  });

  test("immediates are sign-extended, and eight bytes come as near as a number can", () => {
    expect(decoded("48 c7 c0 ff ff ff ff")).toMatchObject({ imm: -1, immSize: 4, immAt: 3 });
    expect(decoded("6a 80")).toMatchObject({ imm: -128, immSize: 1, immAt: 1 });
    expect(decoded("66 b8 00 80")).toMatchObject({ imm: -32768, immSize: 2, immAt: 2 });
    expect(decoded("48 b8 01 00 00 00 00 00 10 00")).toMatchObject({ imm: 2 ** 52 + 1, immSize: 8, immAt: 2 });
    expect(decoded("48 b8 ff ff ff ff ff ff ff ff")).toMatchObject({ imm: -1 });
  });

  test("an absolute address is the displacement", () => {
    const insn = decoded("65 48 a1 30 00 00 00 01 00 00 00");
    expect(insn).toMatchObject({ disp: 0x1_0000_0030, dispSize: 8, dispAt: 3, immSize: 0, isGs: true });
  });

  test("targets count from the end of the instruction, in the space of the offset", () => {
    const code = new Uint8Array(100);
    code.set([0xeb, 0xfe], 40);
    code.set([0x0f, 0x84, 0x10, 0, 0, 0], 95 - 6);
    expect(decode(code, 40, 100, insn)).toBe(2);
    expect(insn).toMatchObject({ flow: 1, target: 40 });
    expect(decode(code, 89, 95, insn)).toBe(6);
    expect(insn).toMatchObject({ flow: 2, target: 95 + 16, offset: 89 });
  });

  test("vvvv of VEX", () => {
    expect(decoded("c4 e2 78 f3 c8")).toMatchObject({ encoding: 1, map: 2, opcode: 0xf3, vvvv: 0, rm: 0 });
    expect(decoded("c4 c2 38 f3 c9")).toMatchObject({ rex: 1, vvvv: 8, rm: 9 });
  });
});
