/** Words as GNU objdump reads them, and the registers that they change. */
import { describe, expect, test } from "vitest";
import { format } from "../../../../src/code/aarch64/format.js";
import { decode } from "../../../../src/code/aarch64/instruction.js";
import { writtenRegisters } from "../../../../src/code/aarch64/writes.js";

const AT = 0x400000;
const none = () => undefined;

describe("decoding", () => {
  test.each<[number, string]>([
    [0x14000002, "b 0x400008"],
    [0x97ffffff, "bl 0x3ffffc"],
    [0x54ffffe0, "b.eq 0x3ffffc"],
    [0x54000062, "b.cs 0x40000c"],
    [0x35fffda0, "cbnz w0, 0x3fffb4"],
    [0xb4000041, "cbz x1, 0x400008"],
    [0x37001b00, "tbnz w0, #0, 0x400360"],
    [0xb7f83314, "tbnz x20, #63, 0x400660"],
    [0x36281560, "tbz w0, #5, 0x4002ac"],
    [0xd503201f, "nop"],
    [0x52802243, "mov w3, #0x112"],
    [0x12800004, "mov w4, #0xffffffff"],
    [0xd2c20000, "mov x0, #0x100000000000"],
    [0x72a10004, "movk w4, #0x800, lsl #16"],
    [0x321f0463, "orr w3, w3, #0x6"],
    [0x32180063, "orr w3, w3, #0x100"],
    [0xb27c0be1, "mov x1, #0x70"],
    [0x2a030363, "orr w3, w27, w3"],
    [0xaa1903e1, "mov x1, x25"],
    [0xd65f03c0, ".word 0xd65f03c0"],
  ])("%i is %s", (word, text) => {
    expect(format(decode(word), AT, none)).toBe(text);
  });

  test("what ends a line", () => {
    const operations = [0xd65f03c0, 0xd61f0200, 0xd63f0120, 0xd4200000, 0xd4001001, 0x00000000, 0xd4000001];
    expect(operations.map((word) => decode(word).operation)).toEqual([
      "return",
      "jump-register",
      "call-register",
      "trap",
      "other",
      "trap",
      "other",
    ]);
  });

  test("loads and addresses", () => {
    expect(decode(0xb9452800)).toMatchObject({ operation: "load", rd: 0, rn: 0, value: 1320, detail: 4 });
    expect(decode(0x39c00260)).toMatchObject({ operation: "load", rd: 0, rn: 19, value: 0, detail: 1 });
    expect(decode(0xf9465000)).toMatchObject({ operation: "load", value: 3232, detail: 8 });
    expect(decode(0xb9000295)).toMatchObject({ operation: "other" });
    expect(decode(0x580000a1)).toMatchObject({ operation: "literal", rd: 1, value: 20, detail: 8 });
    expect(decode(0xf0000160)).toMatchObject({ operation: "page", rd: 0, value: 0x2f000 });
    expect(decode(0xd102139b)).toMatchObject({ operation: "add", rd: 27, rn: 28, value: -0x84 });
    expect(decode(0x7100001f)).toMatchObject({ operation: "compare", rn: 0, value: 0 });
    expect(decode(0x7200001f)).toMatchObject({ operation: "test", rn: 0, value: 1 });
  });

  test("every word gives an answer", () => {
    for (let i = 0; i < 20_000; i++) {
      const word = Math.imul(i, 0x9e3779b1) >>> 0;
      if (typeof format(decode(word), AT, none) !== "string") expect.fail(word.toString(16));
      writtenRegisters(word);
    }
  });
});

describe("registers that are changed", () => {
  const bits = (...registers: number[]) => registers.reduce((mask, register) => mask | (1 << register), 0);
  test.each<[string, number, number]>([
    ["mov w3,#0x112", 0x52802243, bits(3)],
    ["cmp w0,#0", 0x7100001f, 0],
    ["ccmp w0,w1,#0,eq", 0x7a410000, 0],
    ["str w9,[sp,#112]", 0xb90073e9, 0],
    ["ldr w9,[sp,#112]", 0xb94073e9, bits(9)],
    ["stp x29,x30,[sp,#-16]!", 0xa9bf7bfd, 0],
    ["ldp x29,x30,[sp],#16", 0xa8c17bfd, bits(29, 30)],
    ["stp x1,x2,[x0],#16", 0xa8810801, bits(0)],
    ["ldr x1,[x0,#8]!", 0xf8408c01, bits(0, 1)],
    ["str x1,[x0,x2]", 0xf8226801, 0],
    ["ldr x1,[x0,x2]", 0xf8626801, bits(1)],
    ["ldr q0,[x1]", 0x3dc00020, 0],
    ["fmov w3,s0", 0x1e260003, bits(3)],
    ["cset w0,eq", 0x1a9f17e0, bits(0)],
    ["mrs x0,tpidr_el0", 0xd53bd040, bits(0)],
    ["msr tpidr_el0,x0", 0xd51bd040, 0],
    ["cbz w0", 0x34000040, 0],
  ])("%s", (_, word, mask) => {
    expect(writtenRegisters(word)).toBe(mask);
  });

  test("calls change what the procedure call standard lets them", () => {
    for (const word of [0x94000000, 0xd63f0120]) expect(writtenRegisters(word)).toBe(0x4007ffff);
  });
});
