/**
 * Cosmopolitan programs ask one byte, `__hostos`, which system they run on, and branch on its bits. Knowing that byte
 * tells which side of such a branch Linux takes, so Windows, macOS, BSD and bare-metal code can be told apart.
 *
 * Bits (jart/cosmopolitan libc/dce.h, the same from v3.2 to today): LINUX 1, METAL 2, WINDOWS 4, XNU 8, OPENBSD 16,
 * FREEBSD 32, NETBSD 64.
 */

import { decode } from "../x86/decode.js";
import { Encoding, Flow, Instruction, NONE, OpcodeMap, RIP } from "../x86/instruction.js";
import { writtenRegisters } from "../x86/operands.js";
import type { CodeSpace } from "./code-space.js";

/** The value of `__hostos` on Linux. */
const LINUX = 1;
const RDTSC = 0x31;
const MOST_INSTRUCTIONS_TO_LOOK_AT = 48;

/**
 * Finds the address of `__hostos` from the entry point's code, which is the same in every era (libc/crt/crt.S):
 *
 *     mov  $0x20,%cl            b1 20              FreeBSD passes its argument block in %rdi
 *     mov  %cl,__hostos(%rip)   88 0d rel32
 *
 * Builds that leave FreeBSD out (MODE=optlinux, MODE=tinylinux) store %cl all the same, and read the clock behind it.
 *
 * Returns undefined where the entry point does not look like that: then no branch is decided.
 */
export function findHostVariable(space: CodeSpace, entry: number): number | undefined {
  const instruction = new Instruction();
  const end = space.endOf(entry);
  let sawFreebsd = false;
  let stored: number | undefined;
  let at = entry;
  for (let count = 0; count < MOST_INSTRUCTIONS_TO_LOOK_AT; count++) {
    const length = decode(space.bytes, at, end, instruction);
    if (length === 0) return undefined;
    if (instruction.map === OpcodeMap.Primary && instruction.opcode === 0xb1 && instruction.imm === 0x20) sawFreebsd = true;
    const storesCl = instruction.map === OpcodeMap.Primary && instruction.opcode === 0x88 && instruction.reg === 1;
    if (storesCl && instruction.base === RIP) {
      stored = space.addressOf(at) + length + instruction.disp;
      if (sawFreebsd) return stored;
    }
    if (stored !== undefined && instruction.map === OpcodeMap.Secondary && instruction.opcode === RDTSC) return stored;
    if (instruction.flow === Flow.Jump || instruction.flow === Flow.Return) return undefined;
    at += length;
  }
  return undefined;
}

/** What is known on one path of the walk: which registers hold `__hostos`, and what the zero flag says about it. */
export class HostState {
  /** A bit per general-purpose register whose low byte equals `__hostos`. */
  registers = 0;
  /** The zero flag where it follows from `__hostos`: 0 or 1, else NONE. */
  zeroFlag: number = NONE;
  /** Of the variable. */
  address: number;

  constructor(address: number) {
    this.address = address;
  }

  /** Steps over one instruction. `next` is the address of the instruction behind it. */
  step(instruction: Instruction, next: number): void {
    if (this.registers === 0 && (!instruction.hasMemory || !this.isHostOperand(instruction, next))) {
      if (this.zeroFlag !== NONE && !keepsFlags(instruction)) this.zeroFlag = NONE;
      return;
    }
    const tested = this.testedMask(instruction, next);
    const loaded = this.loadedRegister(instruction, next);
    const copied = this.copiedRegister(instruction);
    if (this.registers !== 0) this.registers &= ~writtenRegisters(instruction);
    if (tested !== NONE) this.zeroFlag = (LINUX & tested) === 0 ? 1 : 0;
    else if (!keepsFlags(instruction)) this.zeroFlag = NONE;
    if (loaded !== NONE) this.registers |= 1 << loaded;
    if (copied !== NONE) this.registers |= 1 << copied;
  }

  private isHostOperand(instruction: Instruction, next: number): boolean {
    if (!instruction.hasMemory || instruction.index !== NONE || instruction.isFs || instruction.isGs) return false;
    if (instruction.base === RIP) return next + instruction.disp === this.address;
    return instruction.base === NONE && instruction.disp === this.address;
  }

  /** `mov __hostos,%r32`, `mov __hostos,%r8`, `movzbl __hostos,%r32`: the register, else NONE. */
  private loadedRegister(instruction: Instruction, next: number): number {
    if (instruction.encoding !== Encoding.Legacy || !this.isHostOperand(instruction, next)) return NONE;
    const { map, opcode } = instruction;
    if (map === OpcodeMap.Primary && opcode === 0x8b) return instruction.reg;
    if (map === OpcodeMap.Primary && opcode === 0x8a) return isHighByte(instruction, instruction.reg) ? NONE : instruction.reg;
    if (map === OpcodeMap.Secondary && opcode === 0xb6) return instruction.reg;
    return NONE;
  }

  private copiedRegister(instruction: Instruction): number {
    if (instruction.map !== OpcodeMap.Primary || instruction.mod !== 3 || instruction.encoding !== Encoding.Legacy) return NONE;
    if (instruction.opcode === 0x89 && this.holds(instruction.reg)) return instruction.rm;
    if (instruction.opcode === 0x8b && this.holds(instruction.rm)) return instruction.reg;
    return NONE;
  }

  /** The mask of `test $mask,host`, `and $mask,host`; NONE for everything else. */
  private testedMask(instruction: Instruction, next: number): number {
    if (instruction.map !== OpcodeMap.Primary || instruction.encoding !== Encoding.Legacy || instruction.immSize === 0)
      return NONE;
    const { opcode } = instruction;
    if (opcode === 0xa8 || opcode === 0xa9 || opcode === 0x24 || opcode === 0x25) return this.holds(0) ? instruction.imm : NONE;
    const isTest = (opcode === 0xf6 || opcode === 0xf7) && instruction.extension === 0;
    const isAnd = (opcode === 0x80 || opcode === 0x81 || opcode === 0x83) && instruction.extension === 4;
    if (!isTest && !isAnd) return NONE;
    if (instruction.mod !== 3) return isTest && this.isHostOperand(instruction, next) ? instruction.imm : NONE;
    const isByte = opcode === 0xf6 || opcode === 0x80;
    if (isByte && isHighByte(instruction, instruction.rm)) return NONE;
    return this.holds(instruction.rm) ? instruction.imm : NONE;
  }

  private holds(register: number): boolean {
    return (this.registers & (1 << register)) !== 0;
  }
}

/** Without REX, byte registers 4 to 7 are %ah, %ch, %dh, %bh (SDM vol. 2A, 3.1.1.1). */
function isHighByte(instruction: Instruction, register: number): boolean {
  return instruction.rex === 0 && register >= 4 && register < 8;
}

/** Moves, lea, push, pop, nop and not leave the flags alone; everything else is taken to change them. */
export function keepsFlags(instruction: Instruction): boolean {
  const { map, opcode } = instruction;
  if (map === OpcodeMap.Primary) {
    return (
      (opcode >= 0x88 && opcode <= 0x8d) ||
      (opcode >= 0x50 && opcode <= 0x5f) ||
      (opcode >= 0xb0 && opcode <= 0xbf) ||
      opcode === 0x90 ||
      opcode === 0x63 ||
      opcode === 0xc6 ||
      opcode === 0xc7 ||
      (opcode >= 0x70 && opcode <= 0x7f)
    );
  }
  if (map !== OpcodeMap.Secondary) return false;
  return (
    opcode === 0xb6 ||
    opcode === 0xb7 ||
    opcode === 0xbe ||
    opcode === 0xbf ||
    opcode === 0x1f ||
    (opcode >= 0x80 && opcode <= 0x8f)
  );
}
