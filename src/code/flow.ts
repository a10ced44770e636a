/**
 * Which constants can be in a register at an instruction: a backward search through the walk's code, over moves, jumps
 * and direct calls, so that the first argument of `arch_prctl` is known even where it comes through a shared stub.
 */

import { decode } from "../x86/decode.js";
import { Encoding, Flow, Instruction, NONE, OpcodeMap, Prefix, RIP } from "../x86/instruction.js";
import { writtenRegisters } from "../x86/operands.js";
import type { Walk } from "./walk.js";

/** An instruction that puts a constant into a register. */
export interface ConstantSite {
  /** Position of the instruction that holds the immediate. */
  readonly position: number;
  readonly value: number;
}

export interface Values {
  /** Every constant that may arrive, with the instruction it comes from. */
  readonly constants: readonly ConstantSite[];
  /** Addresses of fixed memory words that the register may have been loaded from. */
  readonly loads: readonly number[];
  /** True if something else may arrive too: a computed value, a caller that is not known. */
  readonly other: boolean;
}

/** Registers that a System V callee preserves: rbx, rsp, rbp, r12 to r15. */
export const PRESERVED = (1 << 3) | (1 << 4) | (1 << 5) | (1 << 12) | (1 << 13) | (1 << 14) | (1 << 15);
const MOST_STEPS = 2000;

export interface FlowOptions {
  /** Look only at code that Linux reaches. */
  readonly linuxOnly?: boolean;
}

/** Answers what a register may hold just before the instruction at a position is executed. */
export function valuesBefore(walk: Walk, position: number, register: number, options: FlowOptions = {}): Values {
  const search = new Search(walk, options.linuxOnly ?? false);
  search.run(position, register);
  return { constants: search.constants, loads: [...search.loads], other: search.other };
}

/** Positions of the known instructions after which `position` is executed, by falling through or by a direct jump or call. */
export function predecessors(walk: Walk, position: number): number[] {
  const result = walk.sourcesOf(position);
  const before = fallsFrom(walk, position);
  if (before >= 0) result.unshift(before);
  return result;
}

const scratch = new Instruction();

/** The instruction that ends right before `position` and falls through into it, decoded into `into`; or -1. */
export function fallsFrom(walk: Walk, position: number, into = scratch): number {
  const { space } = walk;
  for (let at = position - 1; at >= 0 && at >= position - 15; at--) {
    if (!walk.isStart(at)) continue;
    const length = decode(space.bytes, at, space.endOf(at), into);
    if (at + length !== position) continue;
    const { flow } = into;
    const stops = flow === Flow.Jump || flow === Flow.IndirectJump || flow === Flow.Return || flow === Flow.Trap;
    return stops ? -1 : at;
  }
  return -1;
}

class Search {
  readonly constants: ConstantSite[] = [];
  readonly loads = new Set<number>();
  other = false;
  private readonly seen = new Set<number>();
  private readonly pending: { position: number; register: number }[] = [];
  private readonly instruction = new Instruction();
  private steps = 0;
  private readonly walk: Walk;
  private readonly linuxOnly: boolean;

  constructor(walk: Walk, linuxOnly: boolean) {
    this.walk = walk;
    this.linuxOnly = linuxOnly;
  }

  run(position: number, register: number): void {
    this.pending.push({ position, register });
    for (let next = this.pending.pop(); next !== undefined; next = this.pending.pop()) {
      if (++this.steps > MOST_STEPS) {
        this.other = true;
        return;
      }
      this.visit(next.position, next.register);
    }
  }

  private visit(position: number, register: number): void {
    const key = position * 16 + register;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    const { walk } = this;
    const before = fallsFrom(walk, position, this.instruction);
    const sources = walk.sourcesOf(position);
    // A function that others may call through a pointer, or that nothing is seen to call, gets values from elsewhere.
    if ((before < 0 && sources.length === 0) || (walk.isFunction(position) && walk.isPointedTo(position))) this.other = true;
    if (before >= 0 && this.counts(before)) this.stepBack(before, position, register);
    for (let index = 0; index < sources.length; index++) {
      const source = sources[index];
      if (source === before || !this.counts(source)) continue;
      decode(walk.space.bytes, source, walk.space.endOf(source), this.instruction);
      this.stepBack(source, position, register);
    }
  }

  private counts(source: number): boolean {
    return !this.linuxOnly || this.walk.isReachedOnLinux(source);
  }

  /** The value of `register` after the instruction at `source`, which was decoded just now, on the way to `target`. */
  private stepBack(source: number, target: number, register: number): void {
    const { instruction } = this;
    const { flow, length } = instruction;
    const entersCallee = flow === Flow.Call && source + length !== target;
    if (flow === Flow.Jump || flow === Flow.Branch || entersCallee) {
      this.pending.push({ position: source, register });
      return;
    }
    if (flow === Flow.Call || flow === Flow.IndirectCall) {
      if ((PRESERVED & (1 << register)) !== 0) this.pending.push({ position: source, register });
      else this.other = true;
      return;
    }
    if ((writtenRegisters(instruction) & (1 << register)) === 0) {
      this.pending.push({ position: source, register });
      return;
    }
    this.transfer(instruction, source, length, register);
  }

  /** An instruction that writes the register: a constant, another register, a fixed memory word, or something else. */
  private transfer(instruction: Instruction, source: number, length: number, register: number): void {
    const { opcode } = instruction;
    if (instruction.map !== OpcodeMap.Primary || instruction.encoding !== Encoding.Legacy) {
      this.other = true;
      return;
    }
    const narrow = (instruction.prefixes & Prefix.OperandSize) !== 0;
    if (opcode >= 0xb8 && opcode <= 0xbf && !narrow) {
      this.constants.push({ position: source, value: instruction.imm });
      return;
    }
    if (opcode === 0xc7 && instruction.mod === 3 && !narrow) {
      this.constants.push({ position: source, value: instruction.imm });
      return;
    }
    const isClear =
      (opcode === 0x31 || opcode === 0x33) && !narrow && instruction.mod === 3 && instruction.reg === instruction.rm;
    if (isClear) {
      this.constants.push({ position: source, value: 0 });
      return;
    }
    if (opcode === 0x89 && instruction.mod === 3 && instruction.rm === register && !narrow) {
      this.pending.push({ position: source, register: instruction.reg });
      return;
    }
    if (opcode === 0x8b && !narrow && instruction.reg === register) {
      if (instruction.mod === 3) this.pending.push({ position: source, register: instruction.rm });
      else this.load(instruction, this.walk.space.addressOf(source) + length);
      return;
    }
    this.other = true;
  }

  private load(instruction: Instruction, next: number): void {
    const fixed = instruction.index === NONE && !instruction.isFs && !instruction.isGs;
    if (fixed && instruction.base === RIP) this.loads.add(next + instruction.disp);
    else if (fixed && instruction.base === NONE) this.loads.add(instruction.disp);
    else this.other = true;
  }
}
