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

/** Positions executed after an instruction inside the same function: calls are stepped over, jumps followed. */
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
    default:
      return [next];
  }
}

/** Whether control can get from one instruction to another without leaving the function, within a bounded search. */
export function reaches(walk: Walk, from: number, to: number, most = 4000): boolean {
  const seen = new Set<number>([from]);
  const pending = [from];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next === to) return true;
    if (seen.size > most) return true;
    for (const successor of successors(walk, next)) {
      if (seen.has(successor) || !walk.isStart(successor)) continue;
      seen.add(successor);
      pending.push(successor);
    }
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
        seen.add(source);
        if (instruction.flow === Flow.Branch) {
          const takenToPlace = instruction.target === position;
          const otherSide = takenToPlace ? source + instruction.length : instruction.target;
          if (walk.isStart(otherSide) && !reaches(walk, otherSide, place)) branches.push({ position: source, otherSide, takenToPlace });
        }
        next.push(source);
      }
    }
    front = next;
  }
  return branches;
}

/** Start of the function that a position lies in: the nearest place at or before it that something calls or points to. */
export function functionStart(walk: Walk, position: number): number {
  for (let at = position; at >= 0; at--) if (walk.isStart(at) && walk.isFunction(at)) return at;
  return -1;
}
