/**
 * Where what stands in a register can get to: the search of flow.ts the other way round. A program has a few constants that a rule is
 * about and hundreds of places at which they could arrive, so this way is shorter; what it finds is then looked at from behind.
 */

import { decode } from "../x86/decode.js";
import { Flow, Instruction } from "../x86/instruction.js";
import { registerMove, writtenRegisters } from "../x86/operands.js";
import { PRESERVED } from "./flow.js";
import type { Walk } from "./walk.js";

/** A register right before the instruction at a position. */
export interface Place {
  readonly position: number;
  readonly register: number;
}

/** A constant that matters is used soon; what goes further is not followed. */
const MOST_STEPS = 5000;

/**
 * Calls `visit` with every place on Linux's ways that the starts lead to, themselves included. `valuesBefore` with `linuxOnly` finds
 * nothing that does not pass through places of this kind. Returns false where there are too many to follow.
 */
export function followForward(
  walk: Walk,
  starts: readonly Place[],
  visit: (instruction: Instruction, place: Place) => void,
): boolean {
  const { space } = walk;
  const instruction = new Instruction();
  const seen = new Set<number>();
  const pending: Place[] = [];
  const add = (position: number, register: number) => {
    const key = position * 16 + register;
    if (seen.size < seen.add(key).size) pending.push({ position, register });
  };
  const tables = new Set<number>();
  const addTable = (table: number, register: number) => {
    if (tables.size < tables.add(table * 16 + register).size) for (const to of walk.targetsOf(table)) add(to, register);
  };
  for (const { position, register } of starts) add(position, register);
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (seen.size > MOST_STEPS || !walk.steps.take()) return false;
    const { position, register } = place;
    if (!walk.isStart(position) || !walk.isReachedOnLinux(position)) continue;
    const length = decode(space.bytes, position, space.endOf(position), instruction);
    if (length === 0) continue;
    visit(instruction, place);
    const { flow, target } = instruction;
    const next = position + length;
    if (flow === Flow.Jump || flow === Flow.Branch || flow === Flow.Call) add(target, register);
    if (flow === Flow.Jump || flow === Flow.Return || flow === Flow.Trap) continue;
    const isCall = flow === Flow.Call || flow === Flow.IndirectCall;
    const isLost = isCall ? (PRESERVED & (1 << register)) === 0 : (writtenRegisters(instruction) & (1 << register)) !== 0;
    if (flow === Flow.IndirectJump) {
      if (!isLost) for (const table of walk.tablesOf(position)) addTable(table, register);
      continue;
    }
    if (!isLost) add(next, register);
    const move = registerMove(instruction);
    if (move?.from === register) add(next, move.to);
  }
  return true;
}
