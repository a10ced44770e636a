/** A small x86-64 assembler: what the sample programs, the probes and the added code of a repair are written in. */

import { Encoder } from "./encoder.js";
import { type Address, type Immediate, isAddress, isMemory, isRegister, type Memory, type Register } from "./operands.js";
import { little } from "./sections.js";

export type Source = Register | Memory | Immediate | Address;

/** Condition codes, as in jcc (Intel SDM vol. 1, appendix B). */
export const CONDITIONS = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"] as const;
export type Condition = (typeof CONDITIONS)[number];

const ARITHMETIC = ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"] as const;
const SHIFTS = { rol: 0, ror: 1, shl: 4, shr: 5, sar: 7 } as const;

/** `short` is the two-byte form with an 8-bit distance, `near` the one with 32 bits. Nothing is chosen by itself. */
export type Reach = "short" | "near";

/**
 * One method per instruction; operands in Intel's order (destination first), sizes from the registers or from `size`.
 * Encodings are those that GNU as chooses, so that the shapes of compiled programs come out byte for byte.
 */
export class Assembler extends Encoder {
  /** `size` is needed only where neither operand is a register. An immediate into 8 bytes takes `48 c7` where it fits, else `48 b8`. */
  mov(to: Register | Memory, from: Source, size = sizeOf(to, from)): this {
    if (isRegister(from)) return this.encode({ opcode: [from.size === 1 ? 0x88 : 0x89], reg: from, rm: to, size });
    if (isMemory(from)) return this.encode({ opcode: [size === 1 ? 0x8a : 0x8b], reg: register(to), rm: from, size });
    if (isAddress(from)) {
      const { label, addend } = from;
      const part = { label, addend, size: size === 8 ? (8 as const) : (4 as const) };
      return this.encode({ opcode: [0xb8], plus: register(to), immediate: part, size });
    }
    if (isMemory(to)) {
      const immediate = little(from, Math.min(size, 4));
      return this.encode({ opcode: [size === 1 ? 0xc6 : 0xc7], rm: to, immediate, size });
    }
    if (size === 8 && fits(from, 32)) return this.encode({ opcode: [0xc7], rm: to, immediate: little(from, 4), size });
    return this.encode({ opcode: [size === 1 ? 0xb0 : 0xb8], plus: to, immediate: little(from, size), size });
  }

  lea(to: Register, from: Memory): this {
    return this.encode({ opcode: [0x8d], reg: to, rm: from, size: to.size });
  }

  add = this.#arithmetic("add");
  or = this.#arithmetic("or");
  adc = this.#arithmetic("adc");
  sbb = this.#arithmetic("sbb");
  and = this.#arithmetic("and");
  sub = this.#arithmetic("sub");
  xor = this.#arithmetic("xor");
  cmp = this.#arithmetic("cmp");

  test(to: Register | Memory, from: Register | Immediate, size = sizeOf(to, from)): this {
    if (isRegister(from)) return this.encode({ opcode: [size === 1 ? 0x84 : 0x85], reg: from, rm: to, size });
    const immediate = little(from, Math.min(size, 4));
    if (isRegister(to) && to.number === 0) return this.encode({ opcode: [size === 1 ? 0xa8 : 0xa9], immediate, size });
    return this.encode({ opcode: [size === 1 ? 0xf6 : 0xf7], rm: to, immediate, size });
  }

  inc(to: Register | Memory, size = sizeOf(to)): this {
    return this.encode({ opcode: [size === 1 ? 0xfe : 0xff], reg: 0, rm: to, size });
  }
  dec(to: Register | Memory, size = sizeOf(to)): this {
    return this.encode({ opcode: [size === 1 ? 0xfe : 0xff], reg: 1, rm: to, size });
  }
  neg(to: Register | Memory, size = sizeOf(to)): this {
    return this.encode({ opcode: [size === 1 ? 0xf6 : 0xf7], reg: 3, rm: to, size });
  }
  /** Unsigned division of rdx:rax (or edx:eax). */
  div(by: Register | Memory, size = sizeOf(by)): this {
    return this.encode({ opcode: [size === 1 ? 0xf6 : 0xf7], reg: 6, rm: by, size });
  }
  imul(to: Register, from: Register | Memory): this {
    return this.encode({ opcode: [0x0f, 0xaf], reg: to, rm: from, size: to.size });
  }
  shift(kind: keyof typeof SHIFTS, to: Register | Memory, count: number, size = sizeOf(to)): this {
    return this.encode({ opcode: [size === 1 ? 0xc0 : 0xc1], reg: SHIFTS[kind], rm: to, immediate: [count], size });
  }
  /** From one or two bytes; the rest becomes zero. */
  movzx(to: Register, from: Register | Memory, fromSize: 1 | 2): this {
    return this.encode({ opcode: [0x0f, fromSize === 1 ? 0xb6 : 0xb7], reg: to, rm: from, size: to.size });
  }
  /** From four bytes to eight, with the sign. */
  movsxd(to: Register, from: Register | Memory): this {
    return this.encode({ opcode: [0x63], reg: to, rm: from, size: to.size });
  }
  cmov(condition: Condition, to: Register, from: Register | Memory): this {
    return this.encode({ opcode: [0x0f, 0x40 + CONDITIONS.indexOf(condition)], reg: to, rm: from, size: to.size });
  }
  set(condition: Condition, to: Register | Memory): this {
    return this.encode({ opcode: [0x0f, 0x90 + CONDITIONS.indexOf(condition)], rm: to, size: 1 });
  }

  push(what: Register | Memory | number): this {
    if (isRegister(what)) return this.encode({ opcode: [0x50], plus: what, size: 4 });
    if (isMemory(what)) return this.encode({ opcode: [0xff], reg: 6, rm: what, size: 4 });
    const small = fits(what, 8);
    return this.encode({ opcode: [small ? 0x6a : 0x68], immediate: little(what, small ? 1 : 4), size: 4 });
  }
  pop(to: Register): this {
    return this.encode({ opcode: [0x58], plus: to, size: 4 });
  }

  /** `call label`, or through a register or memory. */
  call(target: string | Register | Memory): this {
    if (typeof target === "string") return this.#relative([0xe8], target, 4);
    return this.encode({ opcode: [0xff], reg: 2, rm: target, size: 4 });
  }
  /** `jmp label` (`eb` or `e9`), or through a register or memory. */
  jmp(target: string | Register | Memory, reach: Reach = "near"): this {
    if (typeof target !== "string") return this.encode({ opcode: [0xff], reg: 4, rm: target, size: 4 });
    return reach === "short" ? this.#relative([0xeb], target, 1) : this.#relative([0xe9], target, 4);
  }
  /** `jcc label`: `70+cc rel8` or `0f 80+cc rel32`. */
  j(condition: Condition, label: string, reach: Reach = "near"): this {
    const code = CONDITIONS.indexOf(condition);
    return reach === "short" ? this.#relative([0x70 + code], label, 1) : this.#relative([0x0f, 0x80 + code], label, 4);
  }

  ret = (): this => this.bytes(0xc3);
  syscall = (): this => this.bytes(0x0f, 0x05);
  ud2 = (): this => this.bytes(0x0f, 0x0b);
  hlt = (): this => this.bytes(0xf4);
  leave = (): this => this.bytes(0xc9);
  wrmsr = (): this => this.bytes(0x0f, 0x30);
  cpuid = (): this => this.bytes(0x0f, 0xa2);
  cld = (): this => this.bytes(0xfc);
  repMovsb = (): this => this.bytes(0xf3, 0xa4);
  repStosb = (): this => this.bytes(0xf3, 0xaa);

  nop(count = 1): this {
    return this.bytes(...new Array<number>(count).fill(0x90));
  }

  /** With the accumulator in the short form, `90+r`. */
  xchg(a: Register | Memory, b: Register): this {
    if (isRegister(a) && a.size > 1 && (a.number === 0 || b.number === 0) && a.number !== b.number) {
      return this.encode({ opcode: [0x90], plus: a.number === 0 ? b : a, size: a.size });
    }
    return this.encode({ opcode: [b.size === 1 ? 0x86 : 0x87], reg: b, rm: a, size: b.size });
  }
  xadd(to: Register | Memory, from: Register): this {
    return this.encode({ opcode: [0x0f, from.size === 1 ? 0xc0 : 0xc1], reg: from, rm: to, size: from.size });
  }
  cmpxchg(to: Register | Memory, from: Register): this {
    return this.encode({ opcode: [0x0f, from.size === 1 ? 0xb0 : 0xb1], reg: from, rm: to, size: from.size });
  }

  /** FSGSBASE (SDM vol. 2B and 2D: F3 REX.W 0F AE /0 to /3). */
  rdfsbase = (to: Register): this => this.#base(0, to);
  rdgsbase = (to: Register): this => this.#base(1, to);
  wrfsbase = (from: Register): this => this.#base(2, from);
  wrgsbase = (from: Register): this => this.#base(3, from);

  /** `mov %eax,%gs` and the like: ES 0, CS 1, SS 2, DS 3, FS 4, GS 5. */
  movToSegment(segment: "fs" | "gs", from: Register): this {
    return this.encode({ opcode: [0x8e], reg: segment === "fs" ? 4 : 5, rm: from, size: 4 });
  }

  #base(extension: number, rm: Register): this {
    return this.encode({ prefixes: [0xf3], opcode: [0x0f, 0xae], reg: extension, rm, size: rm.size });
  }

  #relative(opcode: readonly number[], label: string, size: 1 | 4): this {
    this.bytes(...opcode).zeros(size);
    this.fixup(size === 1 ? "rel8" : "rel32", this.here - size, label, 0, this.here);
    return this;
  }

  /** The eight operations that share one encoding scheme; an immediate is one byte where it fits, as GNU as has it. */
  #arithmetic(name: (typeof ARITHMETIC)[number]): (to: Register | Memory, from: Source, size?: number) => this {
    const op = ARITHMETIC.indexOf(name);
    return (to, from, size = sizeOf(to, from)) => {
      const byte = size === 1 ? 0 : 1;
      if (isAddress(from)) {
        const { label, addend } = from;
        return this.encode({ opcode: [0x81], reg: op, rm: to, immediate: { label, addend, size: 4 }, size });
      }
      if (isRegister(from)) return this.encode({ opcode: [(op << 3) | byte], reg: from, rm: to, size });
      if (isMemory(from)) return this.encode({ opcode: [(op << 3) | 2 | byte], reg: register(to), rm: from, size });
      const short = size > 1 && fits(from, 8);
      const immediate = little(from, short ? 1 : Math.min(size, 4));
      if (!short && isRegister(to) && to.number === 0) return this.encode({ opcode: [(op << 3) | 4 | byte], immediate, size });
      return this.encode({ opcode: [size === 1 ? 0x80 : short ? 0x83 : 0x81], reg: op, rm: to, immediate, size });
    };
  }
}

function register(operand: Register | Memory): Register {
  if (!isRegister(operand)) throw new Error("no instruction moves memory to memory");
  return operand;
}

function sizeOf(...operands: readonly unknown[]): number {
  for (const operand of operands) if (isRegister(operand)) return operand.size;
  throw new Error("operand size unknown: name it");
}

function fits(value: Immediate, bits: 8 | 32): boolean {
  return BigInt.asIntN(bits, BigInt(value)) === BigInt(value);
}
