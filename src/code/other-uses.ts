/**
 * Whether a constant serves a system call and nothing else. Where the register is looked at once more, behind the call or on another
 * way, a changed constant is a changed program.
 */

import { decode } from "../x86/decode.js";
import { Flow, Instruction, OpcodeMap, Prefix } from "../x86/instruction.js";
import { constantInto, readRegisters, registerMove, writtenRegisters } from "../x86/operands.js";
import { Register, systemCallArguments } from "./abi.js";
import { PRESERVED } from "./flow.js";
import type { Place } from "./forward.js";
import type { Walk } from "./walk.js";

/** How much is taken for granted: that functions keep to the System V ABI, or nothing. */
export type Trust = "abi" | "nothing";

const MOST_PLACES = 4000;

/** What the kernel looks at in a system call whose number is not asked for. */
const LOOKED_AT = [Register.rax, ...systemCallArguments].reduce<number>((bits, register) => bits | (1 << register), 0);

/**
 * Position of an instruction that may look at the constant from the instruction at `constant`, other than the system calls at `sites`,
 * which may have it as their first argument; undefined where there is none.
 */
export function otherUseOf(walk: Walk, constant: number, sites: ReadonlySet<number>, trust: Trust): number | undefined {
  const { space } = walk;
  const instruction = new Instruction();
  const seen = new Set<number>();
  const pending: Place[] = [];
  const add = (position: number, register: number) => {
    const key = position * 16 + register;
    if (seen.size < seen.add(key).size) pending.push({ position, register });
  };
  const decodeAt = (position: number) => decode(space.bytes, position, space.endOf(position), instruction);
  const start = decodeAt(constant);
  const into = constantInto(instruction);
  if (start === 0 || into === undefined) return constant;
  add(constant + start, into.register);
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { position, register } = place;
    if (seen.size > MOST_PLACES || !walk.isStart(position)) return position;
    const length = decodeAt(position);
    if (length === 0) return position;
    const { flow, target } = instruction;
    const next = position + length;
    const bit = 1 << register;
    switch (flow) {
      case Flow.Jump:
        add(target, register);
        continue;
      case Flow.Branch:
        if ((readRegisters(instruction) & bit) !== 0) return position;
        add(target, register);
        add(next, register);
        continue;
      case Flow.Trap:
        continue;
      case Flow.SystemCall: {
        const isOurs = sites.has(position) && register === Register.rdi;
        if (!isOurs && (instruction.opcode !== 0x05 || (LOOKED_AT & bit) !== 0)) return position;
        if ((writtenRegisters(instruction) & bit) === 0) add(next, register);
        continue;
      }
      case Flow.Return:
        if (trust === "abi") continue;
        for (const behind of returnPlaces(walk)) add(behind, register);
        continue;
      case Flow.Call:
        add(target, register);
        // What a callee keeps is there behind it; what it need not keep comes back from where its return leads, if nothing is trusted.
        if (trust === "abi" && (PRESERVED & bit) !== 0) add(next, register);
        continue;
      case Flow.IndirectCall:
      case Flow.IndirectJump:
        return position;
      default:
    }
    const move = registerMove(instruction);
    if (move?.from === register) {
      add(next, move.to);
      add(next, register);
      continue;
    }
    const written = (writtenRegisters(instruction) & bit) !== 0;
    const isClear = constantInto(instruction)?.register === register;
    if (!isClear && (readRegisters(instruction) & bit) !== 0) return position;
    if (!written) add(next, register);
    else if (isPartial(instruction)) return position;
  }
  return undefined;
}

/** Whether an instruction may write one or two bytes of a register and leave the others: of 8 and 16 bits, and `setcc`. */
function isPartial({ map, opcode, prefixes }: Instruction): boolean {
  if ((prefixes & Prefix.OperandSize) !== 0) return true;
  if (map === OpcodeMap.Secondary) return (opcode & 0xf0) === 0x90;
  if (map !== OpcodeMap.Primary) return false;
  const isByteMove = opcode === 0x88 || opcode === 0x8a || opcode === 0xc6 || (opcode >= 0xb0 && opcode <= 0xb7);
  return isByteMove || (opcode < 0x40 && (opcode & 5) === 0);
}

const returning = new WeakMap<Walk, readonly number[]>();

/** Wherever a function may return to: behind every call. */
function returnPlaces(walk: Walk): readonly number[] {
  const known = returning.get(walk);
  if (known !== undefined) return known;
  const { space } = walk;
  const instruction = new Instruction();
  const places: number[] = [];
  for (let at = 0; at < space.bytes.length; at++) {
    if (!walk.isStart(at)) continue;
    const length = decode(space.bytes, at, space.endOf(at), instruction);
    if (instruction.flow === Flow.Call || instruction.flow === Flow.IndirectCall) places.push(at + length);
  }
  returning.set(walk, places);
  return places;
}
