/** Memory operands and the plain moves. */
import { describe, expect, test } from "vitest";
import { decode } from "../../../src/x86/decode.js";
import { Instruction, NONE, RIP } from "../../../src/x86/instruction.js";
import {
  constantInto,
  isClear,
  isLea,
  isNop,
  isSyscall,
  memoryOperand,
  poppedRegister,
  pushedRegister,
  registerMove,
} from "../../../src/x86/operands.js";

const insn = new Instruction();
function decoded(hex: string): Instruction {
  const bytes = Uint8Array.from(hex.split(" "), (byte) => Number.parseInt(byte, 16));
  expect(decode(bytes, 0, bytes.length, insn)).toBe(bytes.length);
  return insn;
}

describe("memoryOperand", () => {
  test.each([
    ["65 48 8b 04 25 30 00 00 00", { segment: "gs", base: NONE, index: NONE, displacement: 0x30, address: 0x30 }],
    ["64 48 a1 28 00 00 00 00 00 00 00", { segment: "fs", base: NONE, index: NONE, displacement: 0x28, address: 0x28 }],
    ["48 8b 05 10 00 00 00", { segment: undefined, base: RIP, displacement: 0x10, address: 0x1017 }],
    ["8b 05 f0 ff ff ff", { base: RIP, displacement: -16, address: 0x1000 + 6 - 16 }],
    ["4b 8b 44 a5 08", { base: 13, index: 12, scale: 4, displacement: 8, address: undefined }],
    ["8b 04 24", { base: 4, index: NONE, scale: 1, displacement: 0, address: undefined }],
    ["65 48 8b 10", { segment: "gs", base: 0, address: undefined }],
  ])("%s", (hex, wanted) => expect(memoryOperand(decoded(hex), 0x1000)).toMatchObject(wanted));

  test("none for registers and for %cr", () => {
    expect(memoryOperand(decoded("89 c0"), 0)).toBeUndefined();
    expect(memoryOperand(decoded("0f 20 00"), 0)).toBeUndefined();
    expect(memoryOperand(decoded("90"), 0)).toBeUndefined();
  });
});

describe("moves", () => {
  test.each([
    ["bf 01 10 00 00", 7, 0x1001],
    ["41 b8 ff ff ff ff", 8, 0xffffffff],
    ["48 c7 c0 9e 00 00 00", 0, 0x9e],
    ["48 c7 c0 ff ff ff ff", 0, -1],
    ["c7 c0 ff ff ff ff", 0, 0xffffffff],
    ["31 ff", 7, 0],
    ["4d 31 c0", 8, 0],
    ["29 c0", 0, 0],
  ])("constantInto %s", (hex, register, value) => expect(constantInto(decoded(hex))).toEqual({ register, value }));

  test.each(["66 b8 01 00", "b0 01", "c7 00 01 00 00 00", "31 c7", "66 31 c0", "19 c0", "c5 f8 28 c0"])(
    "no constant: %s",
    (hex) => {
      expect(constantInto(decoded(hex))).toBeUndefined();
    },
  );

  test("between registers", () => {
    expect(registerMove(decoded("48 89 f8"))).toEqual({ from: 7, to: 0 });
    expect(registerMove(decoded("44 8b c7"))).toEqual({ from: 7, to: 8 });
    expect(registerMove(decoded("48 89 38"))).toBeUndefined();
    expect(registerMove(decoded("66 89 f8"))).toBeUndefined();
  });

  test("push, pop, lea, xor, nop, syscall", () => {
    expect(pushedRegister(decoded("41 54"))).toBe(12);
    expect(pushedRegister(decoded("ff f0"))).toBe(0);
    expect(pushedRegister(decoded("ff 30"))).toBe(NONE);
    expect(poppedRegister(decoded("5f"))).toBe(7);
    expect(poppedRegister(decoded("8f c1"))).toBe(1);
    expect(isLea(decoded("48 8d 38"))).toBe(true);
    expect(isClear(decoded("33 c0"))).toBe(true);
    expect(isSyscall(decoded("0f 05"))).toBe(true);
    expect(["90", "66 90", "0f 1f 00", "f3 0f 1e fa"].map((hex) => isNop(decoded(hex)))).toEqual([true, true, true, true]);
    expect(["f3 90", "41 90", "0f 05"].map((hex) => isNop(decoded(hex)))).toEqual([false, false, false]);
  });
});
