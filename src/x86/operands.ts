/** What a rule asks of one instruction: its memory operand, and whether it is one of the plain moves. */

import { Encoding, type Instruction, NONE, OpcodeMap, Prefix, RIP } from "./instruction.js";

export { readRegisters } from "./read-registers.js";
export { writtenRegisters } from "./written-registers.js";

export interface MemoryOperand {
  readonly segment: "fs" | "gs" | undefined;
  /** 0 to 15, `RIP` or `NONE`. */
  readonly base: number;
  /** 0 to 15 or `NONE`; the number of a vector register where the instruction gathers or scatters. */
  readonly index: number;
  readonly scale: number;
  /** As it stands in the bytes, sign-extended: one byte of EVEX is not yet multiplied by the size of the operand. */
  readonly displacement: number;
  /** The absolute address (without segment base) where it is the same in every run: no base or %rip, and no index. */
  readonly address: number | undefined;
}

/** The memory operand, through ModRM or as the plain address of `mov`; undefined if there is none. `address` is the instruction's. */
export function memoryOperand(insn: Instruction, address: number): MemoryOperand | undefined {
  const segment = insn.isFs ? "fs" : insn.isGs ? "gs" : undefined;
  if (isOffsetMove(insn)) {
    return { segment, base: NONE, index: NONE, scale: 1, displacement: insn.disp, address: insn.disp };
  }
  if (!insn.hasMemory) return undefined;
  const { base, index, scale, disp } = insn;
  const isFixed = index === NONE && (base === NONE || base === RIP);
  const target = base === RIP ? address + insn.length + disp : disp;
  return { segment, base, index, scale, displacement: disp, address: isFixed ? target : undefined };
}

/** A0 to A3: `mov` between the accumulator and an absolute address without ModRM. */
export function isOffsetMove(insn: Instruction): boolean {
  return isPrimary(insn) && (insn.opcode & 0xfc) === 0xa0;
}

/** The constant that the instruction puts into a whole general-purpose register, with the register; undefined for any other. */
export function constantInto(insn: Instruction): { register: number; value: number } | undefined {
  if (!isPrimary(insn) || (insn.prefixes & Prefix.OperandSize) !== 0) return undefined;
  const { opcode } = insn;
  if (opcode >= 0xb8 && opcode <= 0xbf) {
    // 32 bits are zero-extended.
    return { register: (opcode & 7) | ((insn.rex & 1) << 3), value: insn.immSize === 4 ? insn.imm >>> 0 : insn.imm };
  }
  if (opcode === 0xc7 && insn.mod === 3 && insn.extension === 0) {
    return { register: insn.rm, value: insn.wide ? insn.imm : insn.imm >>> 0 };
  }
  return isClear(insn) ? { register: insn.rm, value: 0 } : undefined;
}

/** `xor %r,%r` and `sub %r,%r` of 32 or 64 bits. */
export function isClear(insn: Instruction): boolean {
  const { opcode } = insn;
  const isXorOrSub = opcode === 0x31 || opcode === 0x33 || opcode === 0x29 || opcode === 0x2b;
  const isWhole = (insn.prefixes & Prefix.OperandSize) === 0;
  return isPrimary(insn) && isXorOrSub && isWhole && insn.mod === 3 && insn.reg === insn.rm;
}

/** `mov %from,%to` of 32 or 64 bits between general-purpose registers; undefined for any other. */
export function registerMove(insn: Instruction): { from: number; to: number } | undefined {
  if (!isPrimary(insn) || insn.mod !== 3 || (insn.prefixes & Prefix.OperandSize) !== 0) return undefined;
  if (insn.opcode === 0x89) return { from: insn.reg, to: insn.rm };
  if (insn.opcode === 0x8b) return { from: insn.rm, to: insn.reg };
  return undefined;
}

/** `lea`: its register is `reg`, its address that of `memoryOperand`. */
export function isLea(insn: Instruction): boolean {
  return isPrimary(insn) && insn.opcode === 0x8d;
}

/** The register that `push %r` stores, or NONE. */
export function pushedRegister(insn: Instruction): number {
  if (!isPrimary(insn)) return NONE;
  if ((insn.opcode & 0xf8) === 0x50) return (insn.opcode & 7) | ((insn.rex & 1) << 3);
  return insn.opcode === 0xff && insn.extension === 6 && insn.mod === 3 ? insn.rm : NONE;
}

/** The register that `pop %r` loads, or NONE. */
export function poppedRegister(insn: Instruction): number {
  if (!isPrimary(insn)) return NONE;
  if ((insn.opcode & 0xf8) === 0x58) return (insn.opcode & 7) | ((insn.rex & 1) << 3);
  return insn.opcode === 0x8f && insn.mod === 3 ? insn.rm : NONE;
}

/** 0F 05. */
export function isSyscall(insn: Instruction): boolean {
  return insn.encoding === Encoding.Legacy && insn.map === OpcodeMap.Secondary && insn.opcode === 0x05;
}

/** `nop` in the shapes that compilers and assemblers pad with: 90, 66 90, 0F 1F /0; and endbr64. */
export function isNop(insn: Instruction): boolean {
  if (insn.encoding !== Encoding.Legacy) return false;
  if (insn.map === OpcodeMap.Primary) {
    return insn.opcode === 0x90 && (insn.rex & 1) === 0 && (insn.prefixes & Prefix.Rep) === 0;
  }
  return insn.map === OpcodeMap.Secondary && (insn.opcode === 0x1f || (insn.opcode === 0x1e && insn.modrm === 0xfa));
}

function isPrimary(insn: Instruction): boolean {
  return insn.map === OpcodeMap.Primary && insn.encoding === Encoding.Legacy;
}
