/** Encodings: fixed bytes, as GNU as and the study of real binaries have them. test/proof/asm holds them against objdump. */

import { describe, expect, test } from "vitest";
import { CONDITIONS } from "../../../src/asm/assembler.js";
import * as o from "../../../src/asm/operands.js";
import { decode } from "../../../src/x86/decode.js";
import { Instruction } from "../../../src/x86/instruction.js";
import { assemble, encodings } from "../../fixtures/encodings.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
describe("one instruction", () => {
  test.each(encodings)("%s", (_, expected, emit) => {
    expect(hex(assemble(emit))).toBe(expected);
  });

  test("as long as Sandfit's own decoder finds them, with the same segment", () => {
    const out = new Instruction();
    for (const [text, , emit] of encodings) {
      const bytes = assemble(emit);
      expect(decode(bytes, 0, bytes.length, out), text).toBe(bytes.length);
      expect({ gs: out.isGs, fs: out.isFs }, text).toEqual({ gs: text.includes("%gs:"), fs: text.includes("%fs:") });
    }
  });
});

describe("branches and addresses", () => {
  test("reach forwards and backwards in the form that was asked for", () => {
    const bytes = assemble((a) =>
      a.label("x").jmp("y", "short").jmp("x", "short").label("y").jmp("x").j("e", "y", "short").j("e", "y"),
    );
    expect(hex(bytes)).toBe("eb02ebfce9f7ffffff74f90f84f3ffffff");
  });

  test("count from the end of the instruction, an immediate included", () => {
    const bytes = assemble((a) => a.cmp(o.rip("x"), 1, 1).mov(o.rip("x"), 7, 8).label("x"));
    expect(hex(bytes)).toBe("803d0b0000000148c7050000000007000000");
  });

  test("all conditions", () => {
    expect(hex(assemble((a) => CONDITIONS.map((c) => a.label(c).j(c, c, "short"))))).toMatch(/^70fe71fe72fe.*7ffe$/);
  });

  test("compares with absolute addresses", () => {
    const bytes = assemble((a) => a.cmp(o.rdx, o.address("x", 0x10)).label("x"));
    expect(hex(bytes)).toBe("4881fa17104000");
  });

  test("absolute addresses", () => {
    const bytes = assemble((a) => a.mov(o.edi, o.address("x")).mov(o.rdi, o.address("x", 1)).label("x").pointer("x"));
    expect(hex(bytes)).toBe("bf0f10400048bf1010400000000000".concat("0f10400000000000"));
  });

  test("a short branch that does not reach is an error", () => {
    expect(() => assemble((a) => a.jmp("x", "short").nop(128).label("x"))).toThrow("rel8 to x does not reach: 128");
  });

  test("unknown and doubled labels are errors", () => {
    expect(() => assemble((a) => a.jmp("x"))).toThrow("label x is nowhere");
    expect(() => assemble((a) => a.label("x").label("x"))).toThrow("label x is there already");
  });
});
