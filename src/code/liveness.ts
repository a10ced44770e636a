/** Whether a register or the status flags are still wanted behind an instruction: what an edit may change without being noticed. */

import { Encoding, Flow, type Instruction, OpcodeMap } from "../x86/instruction.js";
import { readRegisters, writtenRegisters } from "../x86/operands.js";
import { instructionAt } from "./paths.js";
import type { Walk } from "./walk.js";

/** What an instruction does with something: uses it, gives it a new value, or neither. */
type Use = "reads" | "ends" | "keeps";

const MOST_INSTRUCTIONS = 200;

/** Whether the status flags (CF, PF, AF, ZF, SF, OF) as they are behind the instruction at a position are never looked at. */
export function flagsAreDeadAfter(walk: Walk, position: number): boolean {
  return isDeadAfter(walk, position, useOfFlags);
}

/**
 * Whether the value of a register behind the instruction at a position is never looked at. Only for registers that a System V callee
 * may change and that return nothing: a call or return ends them.
 */
export function registerIsDeadAfter(walk: Walk, position: number, register: number, argument = false): boolean {
  return isDeadAfter(walk, position, (instruction) => {
    const { flow } = instruction;
    if (flow === Flow.Return) return "ends";
    // A callee may look at its arguments.
    if (flow === Flow.Call || flow === Flow.IndirectCall) return argument ? "reads" : "ends";
    if (flow === Flow.SystemCall) return "reads";
    if ((readRegisters(instruction) & (1 << register)) !== 0) return "reads";
    return (writtenRegisters(instruction) & (1 << register)) !== 0 ? "ends" : "keeps";
  });
}

/** Follows every way on from an instruction, inside the function. Anything that is not understood counts as a use. */
function isDeadAfter(walk: Walk, position: number, useOf: (instruction: Instruction) => Use): boolean {
  const seen = new Set<number>();
  const pending = [position + instructionAt(walk, position).length];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (seen.has(at)) continue;
    if (seen.size > MOST_INSTRUCTIONS || !walk.isStart(at)) return false;
    seen.add(at);
    const instruction = instructionAt(walk, at);
    const use = useOf(instruction);
    if (use === "reads") return false;
    if (use === "ends") continue;
    const next = at + instruction.length;
    if (instruction.flow === Flow.Jump) pending.push(instruction.target);
    else if (instruction.flow === Flow.Branch) pending.push(next, instruction.target);
    else if (instruction.flow === Flow.Next || instruction.flow === Flow.SystemCall) pending.push(next);
    else if (instruction.flow !== Flow.Trap) return false;
  }
  return true;
}

function useOfFlags(instruction: Instruction): Use {
  const { flow, map, opcode, extension } = instruction;
  // No function gets or gives back flags (System V ABI, 3.2.1); the kernel leaves them as they are.
  if (flow === Flow.Return || flow === Flow.Call || flow === Flow.IndirectCall) return "ends";
  if (flow === Flow.Jump || flow === Flow.Trap || flow === Flow.SystemCall) return "keeps";
  if (flow !== Flow.Next || instruction.encoding !== Encoding.Legacy) return "reads";
  if (map === OpcodeMap.Secondary) {
    // Multi-byte nops and endbr64; movzx, movsx; moves of vector registers.
    const isNeutral = opcode === 0x1e || opcode === 0x1f || (opcode >= 0xb6 && opcode <= 0xbf && (opcode & 6) === 6);
    const isMove = opcode === 0x10 || opcode === 0x11 || opcode === 0x28 || opcode === 0x29 || opcode === 0x6f || opcode === 0x7f;
    return isNeutral || isMove ? "keeps" : "reads";
  }
  if (map !== OpcodeMap.Primary) return "reads";
  // add, or, and, sub, xor, cmp set all of them; adc and sbb read the carry.
  const isCarry = (kind: number) => kind === 2 || kind === 3;
  if (opcode < 0x40 && (opcode & 7) < 6) return isCarry(opcode >> 3) ? "reads" : "ends";
  if (opcode === 0x80 || opcode === 0x81 || opcode === 0x83) return isCarry(extension) ? "reads" : "ends";
  if (opcode === 0x84 || opcode === 0x85 || opcode === 0xa8 || opcode === 0xa9) return "ends";
  if ((opcode === 0xf6 || opcode === 0xf7) && (extension === 0 || extension === 3)) return "ends";
  const keeps =
    (opcode >= 0x50 && opcode <= 0x5f) ||
    opcode === 0x63 ||
    opcode === 0x68 ||
    opcode === 0x6a ||
    (opcode >= 0x86 && opcode <= 0x8d);
  const moves = opcode === 0x90 || (opcode >= 0xb0 && opcode <= 0xbf) || opcode === 0xc6 || opcode === 0xc7 || opcode === 0xc9;
  return keeps || moves ? "keeps" : "reads";
}
