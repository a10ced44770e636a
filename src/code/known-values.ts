/** Registers and flags whose values the instructions right before tell: enough for branches that always go one way. */

import { Encoding, Flow, type Instruction, OpcodeMap, Prefix } from "../x86/instruction.js";
import { constantInto, isClear, registerMove, writtenRegisters } from "../x86/operands.js";
import { keepsFlags } from "./host.js";

interface Flags {
  readonly zero: boolean | undefined;
  readonly carry: boolean | undefined;
  readonly sign: boolean | undefined;
  readonly overflow: boolean | undefined;
}

const unknown: Flags = { zero: undefined, carry: undefined, sign: undefined, overflow: undefined };

/** Followed along a straight line of instructions, which no other way joins. */
export class KnownValues {
  /** The low 32 bits, as a signed number. */
  private readonly values = new Map<number, number>();
  private flags = unknown;

  /** At the start of a line. */
  forget(): void {
    if (this.values.size > 0) this.values.clear();
    this.flags = unknown;
  }

  /** The low 32 bits of a register, if they are known. */
  of(register: number): number | undefined {
    return this.values.get(register);
  }

  /** Whether a conditional jump is taken, if that is known. */
  decides({ map, opcode, encoding }: Instruction): boolean | undefined {
    const isShort = map === OpcodeMap.Primary && opcode >= 0x70 && opcode <= 0x7f;
    const isNear = map === OpcodeMap.Secondary && opcode >= 0x80 && opcode <= 0x8f;
    if (encoding !== Encoding.Legacy || (!isShort && !isNear)) return undefined;
    const holds = this.condition((opcode & 15) >> 1);
    return holds === undefined ? undefined : holds === ((opcode & 1) === 0);
  }

  /** The conditions of SDM vol. 1, appendix B, in pairs: o, b, e, be, s, p, l, le. */
  private condition(pair: number): boolean | undefined {
    const { zero, carry, sign, overflow } = this.flags;
    const less = sign === undefined || overflow === undefined ? undefined : sign !== overflow;
    return [overflow, carry, zero, either(carry, zero), sign, undefined, less, either(less, zero)][pair];
  }

  /** What an instruction makes of it. */
  step(instruction: Instruction): void {
    const { flow } = instruction;
    if (flow === Flow.Call || flow === Flow.IndirectCall) {
      this.forget();
      return;
    }
    const flags = this.flagsAfter(instruction);
    const constant = constantInto(instruction);
    const move = registerMove(instruction);
    const moved = move === undefined ? undefined : this.values.get(move.from);
    const written = writtenRegisters(instruction);
    if (written !== 0 && this.values.size > 0) {
      for (const register of [...this.values.keys()]) if ((written & (1 << register)) !== 0) this.values.delete(register);
    }
    if (constant !== undefined) this.values.set(constant.register, constant.value | 0);
    else if (move !== undefined && moved !== undefined) this.values.set(move.to, moved);
    this.flags = flags;
  }

  private flagsAfter(instruction: Instruction): Flags {
    if (instruction.encoding !== Encoding.Legacy) return unknown;
    if (isClear(instruction)) return { zero: true, carry: false, sign: false, overflow: false };
    const { map, opcode, prefixes, mod, reg, rm, extension, imm } = instruction;
    if (map === OpcodeMap.Primary) {
      if (opcode === 0xf8 || opcode === 0xf9) return { ...this.flags, carry: opcode === 0xf9 };
      const isWhole = (prefixes & Prefix.OperandSize) === 0 && !instruction.wide;
      const value = mod === 3 ? this.values.get(rm) : undefined;
      if (isWhole && value !== undefined) {
        if (opcode === 0x85 && reg === rm) return afterTest(value);
        if (opcode === 0xf7 && extension === 0) return afterTest(value & imm);
        if ((opcode === 0x81 || opcode === 0x83) && extension === 7) return afterCompare(value, imm);
      }
      const eax = this.values.get(0);
      if (isWhole && eax !== undefined && opcode === 0x3d) return afterCompare(eax, imm);
    }
    return keepsFlags(instruction) ? this.flags : unknown;
  }
}

function either(one: boolean | undefined, other: boolean | undefined): boolean | undefined {
  if (one === true || other === true) return true;
  return one === undefined || other === undefined ? undefined : false;
}

function afterTest(value: number): Flags {
  return { zero: value === 0, carry: false, sign: value < 0, overflow: false };
}

function afterCompare(value: number, other: number): Flags {
  const difference = (value - other) | 0;
  return {
    zero: value === (other | 0),
    carry: value >>> 0 < other >>> 0,
    sign: difference < 0,
    overflow: value - (other | 0) !== difference,
  };
}
