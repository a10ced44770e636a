/** Paths through known code: what follows an instruction, whether one place can reach another, which branch decides. */

import { decode } from "../x86/decode.js";
import { Flow, Instruction } from "../x86/instruction.js";
import { predecessors } from "./flow.js";
import type { Walk } from "./walk.js";

/** Decodes the known instruction at a position; its length is 0 where it is none. */
export function instructionAt(walk: Walk, position: number, into = new Instruction()): Instruction {
  into.length = decode(walk.space.bytes, position, walk.space.endOf(position), into);
  return into;
}

/**
 * Positions executed after an instruction inside the same function: jumps are followed, calls stepped over unless the
 * function that they call never returns.
 */
export function successors(walk: Walk, position: number): number[] {
  const instruction = instructionAt(walk, position);
  const next = position + instruction.length;
  switch (instruction.flow) {
    case Flow.Jump:
      return [instruction.target];
    case Flow.Branch:
      return [next, instruction.target];
    case Flow.Return:
    case Flow.IndirectJump:
    case Flow.Trap:
      return [];
    case Flow.Call:
      return neverReturns(walk, instruction.target) ? [] : [next];
    default:
      return [next];
  }
}

/**
 * Whether control can get from one instruction to another without leaving the function, within a bounded search. Once on
 * a way that Linux takes, it does not turn to what only other systems do.
 */
export function reaches(walk: Walk, from: number, to: number, most = 4000): boolean {
  const seen = new Set<number>([from]);
  const pending = [from];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next === to) return true;
    if (seen.size > most || !walk.steps.take()) return true;
    const onLinux = walk.isReachedOnLinux(next);
    for (const successor of successors(walk, next)) {
      if (seen.has(successor) || !walk.isStart(successor) || (onLinux && !walk.isReachedOnLinux(successor))) continue;
      seen.add(successor);
      pending.push(successor);
    }
  }
  return false;
}

const DEEPEST_CALL = 4;
const MOST_INSTRUCTIONS = 600;
const returning = new WeakMap<Walk, Map<number, boolean>>();

/** Whether a function ends the program or loops in every case that can be seen, as abort() and its kind do. */
function neverReturns(walk: Walk, callee: number, depth = 0): boolean {
  const known = returning.get(walk) ?? new Map<number, boolean>();
  returning.set(walk, known);
  const before = known.get(callee);
  if (before !== undefined) return before;
  if (depth > DEEPEST_CALL || !walk.isStart(callee)) return false;
  // While it is being looked at, recursion counts as not returning by itself.
  known.set(callee, true);
  const result = !findsReturn(walk, callee, depth);
  known.set(callee, result);
  return result;
}

function findsReturn(walk: Walk, from: number, depth: number): boolean {
  const seen = new Set<number>([from]);
  const pending = [from];
  const visit = (position: number) => {
    if (seen.has(position)) return;
    seen.add(position);
    pending.push(position);
  };
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (seen.size > MOST_INSTRUCTIONS || !walk.isStart(at) || !walk.steps.take()) return true;
    const instruction = instructionAt(walk, at);
    const next = at + instruction.length;
    const { flow, target } = instruction;
    if (flow === Flow.Return || flow === Flow.IndirectJump) return true;
    if (flow === Flow.Trap) continue;
    if (flow === Flow.Jump || flow === Flow.Branch) visit(target);
    if (flow === Flow.Jump || (flow === Flow.Call && neverReturns(walk, target, depth + 1))) continue;
    visit(next);
  }
  return false;
}

/** A conditional jump that decides whether control gets to some place: one side leads there, the other never does. */
export interface DecidingBranch {
  readonly position: number;
  /** Where control goes when it does not go there. */
  readonly otherSide: number;
  /** Whether the jump is taken on the way to the place (false: it falls through). */
  readonly takenToPlace: boolean;
}

/**
 * The conditional jumps in front of `place` whose other side never gets to it, nearest first. Searches backward
 * breadth-first inside the function, at most `most` instructions.
 */
export function decidingBranches(walk: Walk, place: number, most = 120): DecidingBranch[] {
  const branches: DecidingBranch[] = [];
  const seen = new Set<number>([place]);
  let front = [place];
  while (front.length > 0 && seen.size < most) {
    const next: number[] = [];
    for (const position of front) {
      for (const source of predecessors(walk, position)) {
        const instruction = instructionAt(walk, source);
        const isCallInto = instruction.flow === Flow.Call && source + instruction.length !== position;
        if (isCallInto || seen.has(source)) continue;
        if (!walk.steps.take()) return branches;
        seen.add(source);
        if (instruction.flow === Flow.Branch) {
          const takenToPlace = instruction.target === position;
          const otherSide = takenToPlace ? source + instruction.length : instruction.target;
          if (walk.isStart(otherSide) && !reaches(walk, otherSide, place))
            branches.push({ position: source, otherSide, takenToPlace });
        }
        next.push(source);
      }
    }
    front = next;
  }
  return branches;
}

const BLOCK = 256;
const startsOfBlocks = new WeakMap<Walk, Map<number, number>>();

/**
 * Start of the function that a position lies in: the nearest place at or before it that something calls or points to; -1 where
 * there is none. What was passed on the way is remembered block by block, so that many questions about a long function cost
 * no more than one.
 */
export function functionStart(walk: Walk, position: number): number {
  const known = startsOfBlocks.get(walk) ?? new Map<number, number>();
  startsOfBlocks.set(walk, known);
  const passed: number[] = [];
  let start = -1;
  for (let at = position; at >= 0; at--) {
    if (walk.isStart(at) && walk.isFunction(at)) {
      start = at;
      break;
    }
    if (at % BLOCK !== 0) continue;
    const before = known.get(at);
    if (before !== undefined) {
      start = before;
      break;
    }
    passed.push(at);
  }
  for (const block of passed) known.set(block, start);
  return start;
}
