/**
 * What the systrap platform's rewriting of system calls breaks. It replaces `b8 imm32 0f 05` (mov $N,%eax; syscall) by a jump into a
 * table once N was called there. It looks at bytes alone (pkg/sentry/platform/systrap/sysmsg/sighandler_amd64.c, "Even if all five
 * bytes before the syscall instruction match ..."), only where N is the number in %rax (usertrap/usertrap_amd64.go, PatchSyscall).
 */

import { Flow, OpcodeMap, Prefix, RIP } from "../x86/instruction.js";
import { readRegisters, writtenRegisters } from "../x86/operands.js";
import { Register } from "./abi.js";
import type { Code } from "./code.js";
import { fallsFrom, type Values, valuesBefore } from "./flow.js";
import { flagsAreDeadAfter } from "./liveness.js";
import { instructionAt } from "./paths.js";
import type { Walk } from "./walk.js";

/** Bytes from the `b8` to the `0f 05`. */
const MOV = 5;

/** A `syscall` with the number that the five bytes before it seem to put into %eax. */
export interface Pair {
  /** Position of the `syscall`. */
  readonly position: number;
  readonly number: number;
}

/** A pair whose `mov` is the end of another instruction, which the rewriting destroys. */
export interface BrokenPair extends Pair {
  /** Position of the instruction that is destroyed. */
  readonly victim: number;
}

/** A pair whose `syscall` is reached past its `mov` too; there the number of the pair is called, whatever is in %eax. */
export interface EnteredPair extends Pair {
  /** Positions of the jumps and calls that lead to the `syscall`. */
  readonly sources: readonly number[];
  /** Numbers other than the pair's that they bring. */
  readonly others: readonly number[];
  /** True where a number arrives that is not known. */
  readonly unknown: boolean;
}

/** The pairs among `positions` of `syscall` instructions whose `mov` belongs to another instruction, on Linux's way. */
export function brokenPairs(code: Code, positions: readonly number[]): BrokenPair[] {
  const { walk } = code;
  const found: BrokenPair[] = [];
  for (const { position, number } of pairsAt(code, positions)) {
    const mov = position - MOV;
    if (walk.isStart(mov) || !walk.isKnown(mov)) continue;
    const victim = walk.startOf(mov);
    // `40 b8`: a prefix without effect in front of the same instruction.
    if (victim < 0 || isMoveToEax(walk, victim)) continue;
    const values = numbersAt(walk, position);
    if (values.other || values.loads.length > 0 || values.constants.some(({ value }) => value === number)) {
      found.push({ position, number, victim });
    }
  }
  return found;
}

/** The pairs among `positions` whose `syscall` something jumps to with another number, on Linux's way. */
export function enteredPairs(code: Code, positions: readonly number[]): EnteredPair[] {
  const { walk } = code;
  const found: EnteredPair[] = [];
  for (const { position, number } of pairsAt(code, positions)) {
    if (!walk.isStart(position - MOV) || !walk.isReachedOnLinux(position - MOV)) continue;
    const others = new Set<number>();
    const sources: number[] = [];
    let unknown = false;
    for (const source of walk.sourcesOf(position)) {
      if (!walk.isReachedOnLinux(source)) continue;
      const values = numbersAt(walk, source);
      const different = values.constants.filter(({ value }) => value !== number);
      const isOpen = values.other || values.loads.length > 0;
      if (different.length === 0 && !isOpen) continue;
      for (const { value } of different) others.add(value);
      unknown ||= isOpen;
      sources.push(source);
    }
    if (sources.length > 0) found.push({ position, number, sources, others: [...others], unknown });
  }
  return found;
}

function pairsAt(code: Code, positions: readonly number[]): Pair[] {
  const { walk, space } = code;
  const { bytes } = space;
  return positions
    .filter((at) => walk.isStart(at) && walk.isReachedOnLinux(at))
    .map((position) => ({ position, number: bytes[position - 4] | (bytes[position - 3] << 8) }));
}

function numbersAt(walk: Walk, position: number): Values {
  return valuesBefore(walk, position, Register.rax, { linuxOnly: true });
}

function isMoveToEax(walk: Walk, position: number): boolean {
  const { map, opcode, rex, prefixes } = instructionAt(walk, position);
  return map === OpcodeMap.Primary && opcode === 0xb8 && (rex & 9) === 0 && (prefixes & Prefix.OperandSize) === 0;
}

/**
 * The same length for a pair, in a form that is not rewritten, or undefined where it does not fit:
 *
 *     b8 NN 00 00 00   mov $NN,%eax        31 c0   xor %eax,%eax
 *                                          b0 NN   mov $NN,%al
 *                                          90      nop
 *     0f 05            syscall             0f 05   syscall
 *
 * The number has to fit a byte, and nothing may look at the flags that were set before.
 */
export function unpatchableForm(code: Code, pair: Pair): string | undefined {
  if (pair.number > 0xff || !flagsAreDeadAfter(code.walk, pair.position)) return undefined;
  return `31c0b0${pair.number.toString(16).padStart(2, "0")}90`;
}

/** How far in front of a broken pair the `mov $N,%eax` is looked for, in instructions. */
const NEAR = 6;

/**
 * The instructions in front of a broken pair in another order, so that its `mov $N,%eax` comes last and is what the rewriting finds:
 * where they begin, and their bytes as they are to be. Undefined where the order matters, or something jumps in between.
 */
export function reordered(code: Code, pair: BrokenPair): { readonly position: number; readonly after: Uint8Array } | undefined {
  const { walk, space } = code;
  let at = pair.position;
  for (let count = 0; count <= NEAR; count++) {
    if (walk.sourcesOf(at).length > 0 || walk.isFunction(at) || walk.isPointedTo(at)) return undefined;
    at = fallsFrom(walk, at);
    if (at < 0) return undefined;
    const instruction = instructionAt(walk, at);
    const isTheMove = instruction.length === MOV && isMoveToEax(walk, at) && instruction.imm === pair.number;
    if (isTheMove) {
      if (count === 0) return undefined;
      const bytes = space.bytes.subarray(at, pair.position);
      const after = new Uint8Array(bytes.length);
      after.set(bytes.subarray(MOV));
      after.set(bytes.subarray(0, MOV), bytes.length - MOV);
      return { position: at, after };
    }
    // What stays in front of the `mov` must not have to do with %rax, nor with where it stands, nor with the stack's unwinding.
    const touched = readRegisters(instruction) | writtenRegisters(instruction);
    const isBound = instruction.base === RIP || (writtenRegisters(instruction) & (1 << Register.rsp)) !== 0;
    if (instruction.flow !== Flow.Next || (touched & (1 << Register.rax)) !== 0 || isBound) return undefined;
  }
  return undefined;
}
