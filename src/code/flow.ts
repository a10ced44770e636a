/**
 * Which constants can be in a register at an instruction: a backward search through the walk's code, over moves, jumps
 * and direct calls, so that the first argument of `arch_prctl` is known even where it comes through a shared stub.
 */

import { decode } from "../x86/decode.js";
import { Encoding, Flow, Instruction, NONE, OpcodeMap, Prefix, RIP } from "../x86/instruction.js";
import { writtenRegisters } from "../x86/operands.js";
import { Evidence } from "./evidence.js";
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
  /** True if something else may arrive too: a computed value, a caller that is not known, a search that was given up. */
  readonly other: boolean;
  /** False where there were too many ways to follow, so that constants and loads may be missing. */
  readonly whole: boolean;
}

/** Registers that a System V callee preserves: rbx, rsp, rbp, r12 to r15. */
export const PRESERVED = (1 << 3) | (1 << 4) | (1 << 5) | (1 << 12) | (1 << 13) | (1 << 14) | (1 << 15);
/** Of one search. All searches together: limits.ts. */
const MOST_STEPS = 20_000;

export interface FlowOptions {
  /** Look only at code that Linux reaches. */
  readonly linuxOnly?: boolean;
}

/** Whole answers by position and register, so that of a thousand searches down one way only the first goes all of it. */
type Answers = Map<number, Values>;
const answers = new WeakMap<Walk, { readonly all: Answers; readonly linux: Answers }>();

/** Answers what a register may hold just before the instruction at a position is executed. */
export function valuesBefore(walk: Walk, position: number, register: number, options: FlowOptions = {}): Values {
  const known = answers.get(walk) ?? { all: new Map(), linux: new Map() };
  answers.set(walk, known);
  const linuxOnly = options.linuxOnly ?? false;
  return new Search(walk, linuxOnly, linuxOnly ? known.linux : known.all).run(position, register);
}

/** Positions of the known instructions after which `position` is executed, by falling through or by a jump or call. */
export function predecessors(walk: Walk, position: number): number[] {
  return [...allThatFallInto(walk, position), ...walk.sourcesOf(position)];
}

const scratch = new Instruction();

/** The instruction that ends right before `position` and falls through into it, decoded into `into`; or -1. Of several the best known. */
export function fallsFrom(walk: Walk, position: number, into = scratch): number {
  const nearest = nearestBefore(walk, position, position - 1, into);
  if (nearest < 0 || !walk.isOverlapped(nearest)) return nearest < 0 || stops(into) ? -1 : nearest;
  const best = allThatFallInto(walk, position)[0] ?? -1;
  if (best >= 0) decode(walk.space.bytes, best, walk.space.endOf(best), into);
  return best;
}

/**
 * All instructions that end right before `position` and fall through into it. There are several only where instructions overlap; what
 * is reached from the entry point is executed then, and what a mere name or pointer has made of its bytes is left out.
 */
export function allThatFallInto(walk: Walk, position: number): number[] {
  const found: number[] = [];
  for (
    let at = nearestBefore(walk, position, position - 1, scratch);
    at >= 0;
    at = nearestBefore(walk, position, at - 1, scratch)
  ) {
    if (!stops(scratch)) found.push(at);
    if (!walk.isOverlapped(at)) break;
  }
  if (found.length < 2) return found;
  const best = Math.max(...found.map((at) => walk.rankAt(at)));
  return best === Evidence.Entry
    ? found.filter((at) => walk.rankAt(at) === best)
    : found.sort((a, b) => walk.rankAt(b) - walk.rankAt(a));
}

/** The nearest known start at or before `from` of an instruction that ends right before `position`, decoded into `into`; or -1. */
function nearestBefore(walk: Walk, position: number, from: number, into: Instruction): number {
  const { space } = walk;
  for (let at = from; at >= 0 && at >= position - 15; at--) {
    if (walk.isStart(at) && at + decode(space.bytes, at, space.endOf(at), into) === position) return at;
  }
  return -1;
}

function stops({ flow }: Instruction): boolean {
  return flow === Flow.Jump || flow === Flow.IndirectJump || flow === Flow.Return || flow === Flow.Trap;
}

function keyOf(position: number, register: number): number {
  return position * 16 + register;
}

class Search {
  /** By their positions. */
  private readonly constants = new Map<number, ConstantSite>();
  private readonly loads = new Set<number>();
  private other = false;
  private whole = true;
  private readonly seen = new Set<number>();
  private readonly pending: { position: number; register: number }[] = [];
  private readonly instruction = new Instruction();
  private steps = 0;
  private readonly walk: Walk;
  private readonly linuxOnly: boolean;
  private readonly known: Answers;

  constructor(walk: Walk, linuxOnly: boolean, known: Answers) {
    this.walk = walk;
    this.linuxOnly = linuxOnly;
    this.known = known;
  }

  run(position: number, register: number): Values {
    const before = this.known.get(keyOf(position, register));
    if (before !== undefined) return before;
    this.add(position, register);
    for (let next = this.pending.pop(); next !== undefined && this.whole; next = this.pending.pop()) {
      this.visit(next.position, next.register);
    }
    const { whole } = this;
    const values = { constants: [...this.constants.values()], loads: [...this.loads], other: this.other || !whole, whole };
    if (whole) this.known.set(keyOf(position, register), values);
    return values;
  }

  private add(position: number, register: number): void {
    this.pending.push({ position, register });
  }

  /** Counts a way that is looked at; false where there are too many. */
  private step(): boolean {
    if (!this.walk.steps.take() || ++this.steps > MOST_STEPS) this.whole = false;
    return this.whole;
  }

  private visit(position: number, register: number): void {
    const key = keyOf(position, register);
    if (this.seen.size === this.seen.add(key).size) return;
    const { walk } = this;
    const known = this.known.get(key);
    if (known !== undefined) {
      this.take(known);
      return;
    }
    const falling = allThatFallInto(walk, position);
    const sources = walk.sourcesOf(position);
    // A function that others may call through a pointer, or that nothing is seen to call, gets values from elsewhere.
    if ((falling.length === 0 && sources.length === 0) || (walk.isFunction(position) && walk.isPointedTo(position)))
      this.other = true;
    for (const source of falling) this.stepBack(source, position, register);
    // By index, and no longer than may be: one place can have a million sources.
    for (let index = 0; index < sources.length && this.whole; index++) {
      const source = sources[index]!;
      if (!falling.includes(source)) this.stepBack(source, position, register);
    }
  }

  /** What an earlier search has found from here on. */
  private take({ constants, loads, other }: Values): void {
    for (const constant of constants) if (this.step()) this.constants.set(constant.position, constant);
    for (const load of loads) if (this.step()) this.loads.add(load);
    this.other ||= other;
  }

  private constant(position: number, value: number): void {
    this.constants.set(position, { position, value });
  }

  private counts(source: number): boolean {
    return !this.linuxOnly || this.walk.isReachedOnLinux(source);
  }

  /** The value of `register` after the instruction at `source`, on the way to `target`. */
  private stepBack(source: number, target: number, register: number): void {
    if (!this.counts(source) || !this.step()) return;
    const { instruction, walk } = this;
    decode(walk.space.bytes, source, walk.space.endOf(source), instruction);
    const { flow, length } = instruction;
    const entersCallee = flow === Flow.Call && source + length !== target;
    if (flow === Flow.Jump || flow === Flow.Branch || entersCallee) {
      this.add(source, register);
      return;
    }
    if (flow === Flow.Call || flow === Flow.IndirectCall) {
      if ((PRESERVED & (1 << register)) !== 0) this.add(source, register);
      else this.other = true;
      return;
    }
    if ((writtenRegisters(instruction) & (1 << register)) === 0) {
      this.add(source, register);
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
      this.constant(source, instruction.imm);
      return;
    }
    if (opcode === 0xc7 && instruction.mod === 3 && !narrow) {
      this.constant(source, instruction.imm);
      return;
    }
    const isClear =
      (opcode === 0x31 || opcode === 0x33) && !narrow && instruction.mod === 3 && instruction.reg === instruction.rm;
    if (isClear) {
      this.constant(source, 0);
      return;
    }
    if (opcode === 0x89 && instruction.mod === 3 && instruction.rm === register && !narrow) {
      this.add(source, instruction.reg);
      return;
    }
    if (opcode === 0x8b && !narrow && instruction.reg === register) {
      if (instruction.mod === 3) this.add(source, instruction.rm);
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
