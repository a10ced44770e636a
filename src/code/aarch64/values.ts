/** What a register holds at an instruction, by searching backward for every instruction that can have put it there. */

import type { ArmCode } from "./code.js";
import { type Instruction, ZERO } from "./instruction.js";
import { writtenRegisters } from "./writes.js";

const MOST_INSTRUCTIONS = 1500;
const MOST_STEPS = 12;

/** The instructions that can have put a register's value there; undefined where it can come from the caller or is not known. */
export function writersBefore(code: ArmCode, address: number, register: number): number[] | undefined {
  const writers: number[] = [];
  const seen = new Set<number>();
  const pending = [address];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (code.isFunction(at)) return undefined;
    const sources = code.predecessors(at);
    if (sources.length === 0) return undefined;
    for (const source of sources) {
      if (seen.has(source)) continue;
      if (seen.size > MOST_INSTRUCTIONS) return undefined;
      seen.add(source);
      const instruction = code.at(source);
      if (instruction === undefined) return undefined;
      if ((writtenRegisters(instruction.word) & (1 << register)) !== 0) writers.push(source);
      else pending.push(source);
    }
  }
  return writers;
}

/** The one number that a register holds at an instruction, a constant or an address; undefined where that is not certain. */
export function valueBefore(code: ArmCode, address: number, register: number, steps = 0): number | undefined {
  if (register === ZERO) return 0;
  return agreed(code, address, register, steps, (writer, instruction) => resultOf(code, writer, instruction, steps + 1));
}

/**
 * The bits that are certainly set in a register because constants were or-ed in. Sees `flags | 0x112` where flags is not
 * known: 0x112.
 */
export function bitsBefore(code: ArmCode, address: number, register: number, steps = 0): number {
  const value = valueBefore(code, address, register, steps);
  if (value !== undefined) return isWord(value) ? value : 0;
  const writers = steps > MOST_STEPS ? undefined : writersBefore(code, address, register);
  if (writers === undefined || writers.length === 0) return 0;
  let bits = -1;
  for (const writer of writers) bits &= bitsSetBy(code, writer, steps + 1);
  return bits >>> 0;
}

/** As `bitsBefore`, for the result of one instruction. */
export function bitsSetBy(code: ArmCode, address: number, steps = 0): number {
  const instruction = code.at(address);
  if (instruction === undefined) return 0;
  const { operation, rn, rm, value } = instruction;
  if (operation === "or") {
    const right = rm < 0 ? value : bitsBefore(code, address, rm, steps);
    const left = rn === ZERO ? 0 : bitsBefore(code, address, rn, steps);
    return (left | (isWord(right) ? right : 0)) >>> 0;
  }
  const known = resultOf(code, address, instruction, steps);
  return known !== undefined && isWord(known) ? known : 0;
}

/** The address that a load reads from, where it is certain. */
export function loadedFrom(code: ArmCode, address: number, steps = 0): number | undefined {
  const instruction = code.at(address);
  if (instruction?.operation === "literal") return address + instruction.value;
  if (instruction?.operation !== "load") return undefined;
  const base = valueBefore(code, address, instruction.rn, steps);
  return base === undefined ? undefined : base + instruction.value;
}

function isWord(value: number): boolean {
  return value >= 0 && value <= 0xffffffff;
}

function agreed(
  code: ArmCode,
  address: number,
  register: number,
  steps: number,
  valueAt: (writer: number, instruction: Instruction) => number | undefined,
): number | undefined {
  if (steps > MOST_STEPS) return undefined;
  const writers = writersBefore(code, address, register);
  let result: number | undefined;
  for (const writer of writers ?? []) {
    const instruction = code.at(writer);
    const value = instruction && valueAt(writer, instruction);
    if (value === undefined || (result !== undefined && value !== result)) return undefined;
    result = value;
  }
  return result;
}

/** The result of one instruction, where it is a constant or an address. */
function resultOf(code: ArmCode, address: number, instruction: Instruction, steps: number): number | undefined {
  const { operation, rd, rn, rm, value, detail, wide } = instruction;
  const cut = (result: number) => (wide || operation === "near" || operation === "page" ? result : result >>> 0);
  switch (operation) {
    case "constant":
      return Number.isNaN(value) ? undefined : cut(value);
    case "near":
      return address + value;
    case "page":
      return Math.floor(address / 4096) * 4096 + value;
    case "add": {
      const base = rn === ZERO ? undefined : valueBefore(code, address, rn, steps);
      return base === undefined ? undefined : cut(base + value);
    }
    case "keep": {
      const base = valueBefore(code, address, rd, steps);
      if (base === undefined || base < 0) return undefined;
      const unit = 2 ** detail;
      const result = base + (value - (Math.floor(base / unit) % 65536)) * unit;
      return Number.isSafeInteger(result) ? cut(result) : undefined;
    }
    case "or": {
      const left = rn === ZERO ? 0 : valueBefore(code, address, rn, steps);
      if (left === undefined) return undefined;
      const right = rm < 0 ? value : valueBefore(code, address, rm, steps);
      if (right === undefined) return undefined;
      if (left === 0) return cut(right);
      if (right === 0) return cut(left);
      return isWord(left) && isWord(right) ? (left | right) >>> 0 : undefined;
    }
    case "load":
    case "literal": {
      const from = detail === 8 ? loadedFrom(code, address, steps) : undefined;
      return from === undefined ? undefined : code.pointerAt(from);
    }
    default:
      return undefined;
  }
}
