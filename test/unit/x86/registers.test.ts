/** Written and read general-purpose registers against iced's InstructionInfo: none may be missing. */
import { type Instruction as IcedInstruction, InstructionInfoFactory, OpAccess, Register, RegisterExt } from "iced-x86";
import { describe, expect, test } from "vitest";
import { decode } from "../../../src/x86/decode.js";
import { Instruction } from "../../../src/x86/instruction.js";
import { readRegisters, writtenRegisters } from "../../../src/x86/operands.js";
import { realCode } from "../../support/executable.js";
import { isLong, often } from "../../support/often.js";
import { Oracle } from "../../support/oracle.js";

const REAL_INSTRUCTIONS = often(100_000, 700_000);

/** Number of the whole general-purpose register that an iced register is a part of, by iced's number. */
const numbers = new Map<number, number>();
for (let register: number = Register.AL; register <= Register.R15; register++) {
  const whole = RegisterExt.fullRegister(register);
  if (whole >= Register.RAX && whole <= Register.R15) numbers.set(register, whole - Register.RAX);
}

const factory = new InstructionInfoFactory();

function icedRegisters(insn: IcedInstruction): { read: number; written: number } {
  const info = factory.info(insn);
  let read = 0;
  let written = 0;
  for (const used of info.usedRegisters()) {
    const number = numbers.get(used.register);
    const { access } = used;
    used.free();
    if (number === undefined) continue;
    const isBoth = access === OpAccess.ReadWrite || access === OpAccess.ReadCondWrite;
    if (isBoth || access === OpAccess.Write || access === OpAccess.CondWrite) written |= 1 << number;
    if (isBoth || access === OpAccess.Read || access === OpAccess.CondRead) read |= 1 << number;
  }
  info.free();
  return { read, written };
}

/** Counts by mnemonic what is missing, and how often we name more than is written. */
class Check {
  readonly ours = new Instruction();
  readonly missing = new Map<string, number>();
  instructions = 0;
  more = 0;

  at(code: Uint8Array, at: number, oracle: Oracle): number {
    const length = oracle.lengthAt(at);
    if (length === 0 || decode(code, at, code.length, this.ours) !== length) return 1;
    this.instructions++;
    const { read, written } = icedRegisters(oracle.insn);
    const ours = writtenRegisters(this.ours);
    this.count(written & ~ours, `${oracle.name} writes`);
    this.count(read & ~readRegisters(this.ours), `${oracle.name} reads`);
    const isCall = this.ours.flow === 3 || this.ours.flow === 5;
    if ((ours & ~written) !== 0 && !isCall) this.more++;
    return length;
  }

  private count(mask: number, what: string): void {
    if (mask !== 0) this.missing.set(`${what} ${mask.toString(2)}`, (this.missing.get(`${what} ${mask.toString(2)}`) ?? 0) + 1);
  }
}

describe("against iced", () => {
  test("real code: none is missing, and hardly one too many", () => {
    const check = new Check();
    const parts = realCode(often(1e6, 40e6));
    for (const { bytes } of parts.slice(0, 5)) {
      const code = bytes.subarray(bytes.length >> 2);
      const oracle = new Oracle(code);
      const until = check.instructions + REAL_INSTRUCTIONS / 5;
      for (let at = 0; at < code.length && check.instructions < until; ) at += check.at(code, at, oracle);
      oracle.free();
    }
    expect(Object.fromEntries(check.missing)).toEqual({});
    expect(check.instructions).toBeGreaterThan(REAL_INSTRUCTIONS / 7);
    expect(check.more).toBeLessThan(check.instructions / 1000);
  });

  test("every opcode, prefix, map and ModRM: none is missing", () => {
    const check = new Check();
    const strings: number[][] = [];
    const tries = (start: readonly number[], modrms: readonly number[]) => {
      for (const modrm of modrms) strings.push([...start, modrm]);
    };
    const all = Array.from({ length: 256 }, (_, i) => i);
    const some = all.filter((modrm) => (isLong && (modrm & 7) === 2) || (modrm & 7) === 5 || modrm >= 0xf8);
    for (const prefix of [[], [0x66], [0xf3], [0xf2]]) {
      for (const rex of isLong ? [[], [0x40], [0x48], [0x4d]] : [[], [0x4d]]) {
        for (const map of [[], [0x0f]]) for (const opcode of all) tries([...prefix, ...rex, ...map, opcode], some);
        for (const map of [0x38, 0x3a])
          for (const opcode of all) tries([...prefix, ...rex, 0x0f, map, opcode], [0x05, 0x4a, 0xca, 0xed]);
      }
      for (const modrm of all) tries([...prefix, 0x0f, 0x01], [modrm]);
    }
    for (const opcode of all) {
      for (const last of [0x68, 0x69, 0x6a, 0x6b, 0xe8, 0xe9, 0xea, 0xeb, 0x78, 0x79, 0x7a, 0x7b, 0xf9]) {
        for (const first of [0xe1, 0xe2, 0xe3, 0x42]) tries([0xc4, first, last, opcode], [0x0a, 0xca, 0xdc, 0x4c]);
        for (const first of [0xe8, 0xe9, 0xea]) tries([0x8f, first, last, opcode], [0x0a, 0xca, 0xd4]);
        for (const first of [0xf1, 0xf2, 0xf3, 0xf5, 0xf6]) tries([0x62, first, last | 4, 0x08, opcode], [0x0a, 0xca, 0xd4]);
      }
    }
    const code = new Uint8Array(strings.length * 32).fill(0x08);
    for (const [i, bytes] of strings.entries()) code.set(bytes, i * 32);
    const oracle = new Oracle(code);
    for (let at = 0; at < code.length; at += 32) check.at(code, at, oracle);
    oracle.free();
    expect(Object.fromEntries(check.missing)).toEqual({});
    expect(check.instructions).toBeGreaterThan(50_000);
  });
});

describe("by hand", () => {
  const insn = new Instruction();
  const RAX = 1;
  const RCX = 2;
  const RDX = 4;
  const RSP = 16;
  const RDI = 128;
  test.each([
    ["90", 0, "nop"],
    ["f3 0f 1e fa", 0, "endbr64"],
    ["b8 01 00 00 00", RAX, "mov $1,%eax"],
    ["b4 01", RAX, "mov $1,%ah"],
    ["40 b4 01", RSP, "mov $1,%spl"],
    ["0f 05", RAX | RCX | (1 << 11), "syscall"],
    ["0f a2", RAX | RCX | RDX | 8, "cpuid"],
    ["f3 aa", RCX | RDI, "rep stos"],
    ["aa", RDI, "stos"],
    ["5f", RSP | RDI, "pop %rdi"],
    ["39 c0", 0, "cmp"],
    ["48 f7 e1", RAX | RDX, "mul %rcx"],
    ["e8 00 00 00 00", 0b1111_1101_0111, "call: what a callee may change"],
  ])("%s", (hex, mask, what) => {
    const bytes = Uint8Array.from(hex.split(" "), (byte) => Number.parseInt(byte, 16));
    expect(decode(bytes, 0, bytes.length, insn), what).toBe(bytes.length);
    expect(writtenRegisters(insn), what).toBe(mask);
  });
});
