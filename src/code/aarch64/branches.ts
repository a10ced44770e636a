/** Which conditional branch decides whether a place in A64 code is reached, and what it tests. */

import type { ArmCode } from "./code.js";
import { isConditional } from "./instruction.js";
import { loadedFrom, writersBefore } from "./values.js";

const MOST_INSTRUCTIONS = 4000;

/** A conditional branch one side of which leads to a place, while the other side never does. */
export interface Deciding {
  readonly address: number;
  /** Where control goes when it does not go to the place. */
  readonly otherSide: number;
  /** Whether the branch is taken on the way to the place (false: it falls through). */
  readonly takenToPlace: boolean;
}

/** The deciding branches in front of a place, the nearest first. */
export function decidingBranches(code: ArmCode, place: number): Deciding[] {
  const found: Deciding[] = [];
  forEachBefore(code, place, (source, next) => {
    const instruction = code.at(source);
    if (instruction === undefined || !isConditional(instruction)) return true;
    const target = source + instruction.value;
    const takenToPlace = target === next;
    const otherSide = takenToPlace ? source + 4 : target;
    if (otherSide !== next && !reaches(code, otherSide, place)) found.push({ address: source, otherSide, takenToPlace });
    return true;
  });
  return found;
}

/**
 * Calls `visit` with the instructions before a place in its function, breadth first, each with the one it leads to, until
 * `visit` gives false.
 */
export function forEachBefore(code: ArmCode, place: number, visit: (source: number, next: number) => boolean): void {
  const seen = new Set<number>([place]);
  let front = [place];
  while (front.length > 0 && seen.size < MOST_INSTRUCTIONS) {
    const further: number[] = [];
    for (const next of front) {
      if (code.isFunction(next)) continue;
      for (const source of code.predecessors(next)) {
        if (!visit(source, next)) return;
        if (seen.has(source)) continue;
        seen.add(source);
        further.push(source);
      }
    }
    front = further;
  }
}

/** Whether control can get from one instruction to another inside the function. Too far to tell counts as yes. */
export function reaches(code: ArmCode, from: number, to: number): boolean {
  const seen = new Set<number>([from]);
  const pending = [from];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (at === to || seen.size > MOST_INSTRUCTIONS) return true;
    for (const next of code.successors(at)) {
      if (seen.has(next)) continue;
      seen.add(next);
      pending.push(next);
    }
  }
  return false;
}

/**
 * Whether control can get to an address from the start of its function, or from where it cannot be seen (a jump through a
 * register stands before it). False for what an edit has cut off. Too far to tell counts as yes.
 */
export function isReached(code: ArmCode, address: number): boolean {
  const seen = new Set<number>([address]);
  const pending = [address];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (code.isFunction(at) || seen.size > MOST_INSTRUCTIONS) return true;
    const before = code.at(at - 4);
    if (before === undefined || before.operation === "jump-register" || isPrologue(code, at)) return true;
    for (const source of code.predecessors(at)) {
      if (seen.has(source)) continue;
      seen.add(source);
      pending.push(source);
    }
  }
  return false;
}

/** `stp x29,x30,[sp,#-n]!`: a function starts, whoever may call it (AAPCS64 6.4.6). */
function isPrologue(code: ArmCode, address: number): boolean {
  const word = code.at(address)?.word ?? 0;
  return (word & 0xffc07fff) >>> 0 === 0xa9807bfd;
}

/** A conditional branch in terms of the register it looks at. */
export interface Tested {
  readonly register: number;
  /** The bit that is tested, -1 for the whole register against zero. */
  readonly bit: number;
  /** Whether the branch is taken when that is zero. */
  readonly takenIfZero: boolean;
  /** The instruction that reads the register: the branch itself, or the comparison or mask before it. */
  readonly reader: number;
}

/** What a conditional branch tests: cbz, cbnz, tbz, tbnz, or b.eq and b.ne behind a test or a comparison with zero. */
export function testedBy(code: ArmCode, address: number): Tested | undefined {
  const branch = code.at(address);
  if (branch === undefined) return undefined;
  const { operation, rd, detail } = branch;
  if (operation === "branch-bit-clear" || operation === "branch-bit-set") {
    return { register: rd, bit: detail, takenIfZero: operation === "branch-bit-clear", reader: address };
  }
  if (operation === "branch-zero" || operation === "branch-not-zero") {
    const takenIfZero = operation === "branch-zero";
    return maskedBit(code, address, rd, takenIfZero) ?? { register: rd, bit: -1, takenIfZero, reader: address };
  }
  if (operation !== "branch-if" || detail > 1 || code.isFunction(address) || code.jumpsTo(address).length > 0) return undefined;
  const flags = code.at(address - 4);
  const takenIfZero = detail === 0;
  if (flags?.operation === "compare" && flags.value === 0) {
    return { register: flags.rn, bit: -1, takenIfZero, reader: address - 4 };
  }
  if (flags?.operation !== "test") return undefined;
  if (flags.rm >= 0) return flags.rm === flags.rn ? { register: flags.rn, bit: -1, takenIfZero, reader: address - 4 } : undefined;
  return isBit(flags.value) ? { register: flags.rn, bit: Math.log2(flags.value), takenIfZero, reader: address - 4 } : undefined;
}

/** `and w0,w0,#1; cbz w0`: a bit after all. */
function maskedBit(code: ArmCode, address: number, register: number, takenIfZero: boolean): Tested | undefined {
  const [writer, ...others] = writersBefore(code, address, register) ?? [];
  const mask = writer === undefined || others.length > 0 ? undefined : code.at(writer);
  if (mask?.operation !== "and" || mask.rm >= 0 || !isBit(mask.value)) return undefined;
  return { register: mask.rn, bit: Math.log2(mask.value), takenIfZero, reader: writer };
}

function isBit(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}

/** The address whose content a branch tests a bit of, where that is certain. */
export function testedVariable(code: ArmCode, tested: Tested): number | undefined {
  const [writer, ...others] = writersBefore(code, tested.reader, tested.register) ?? [];
  return writer === undefined || others.length > 0 ? undefined : loadedFrom(code, writer);
}

/** The call whose result (w0) a branch tests as a whole, where that is certain: its address. */
export function testedCall(code: ArmCode, tested: Tested): number | undefined {
  if (tested.bit !== -1 || tested.register !== 0) return undefined;
  const [writer, ...others] = writersBefore(code, tested.reader, 0) ?? [];
  if (writer === undefined || others.length > 0) return undefined;
  return code.at(writer)?.operation === "call" ? writer : undefined;
}
