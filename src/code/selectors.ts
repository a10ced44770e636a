/** Instructions that change %gs or %fs without a system call: loads of a selector, and writes of a base (FSGSBASE). */

import { type Instruction, OpcodeMap, Prefix } from "../x86/instruction.js";
import { type Code, forEachInstructionWith } from "./code.js";
import { valuesBefore } from "./flow.js";
import { instructionAt } from "./paths.js";

/** `wrfsbase` and `wrgsbase`: F3 REX.W 0F AE /2 and /3 with a register (SDM vol. 2B). */
export function isBaseWrite(instruction: Instruction): boolean {
  const { map, opcode, mod, extension, prefixes } = instruction;
  return map === OpcodeMap.Secondary && opcode === 0xae && mod === 3 && (extension & 6) === 2 && (prefixes & Prefix.Rep) !== 0;
}

/** `mov %r16,%gs`, `pop %gs`, `lgs`. */
export function isSelectorLoad(instruction: Instruction): boolean {
  const { map, opcode, extension } = instruction;
  if (map === OpcodeMap.Primary) return opcode === 0x8e && extension === 5;
  return map === OpcodeMap.Secondary && (opcode === 0xa9 || (opcode === 0xb5 && instruction.hasMemory));
}

export interface SelectorLoad {
  readonly position: number;
  readonly length: number;
  /** True where the selector is 0 on every way there: plain Linux starts programs with that one. */
  readonly isNull: boolean;
  /** `mov %r16,%gs`: does nothing else, so that it can be left out. `pop %gs` moves the stack, `lgs` loads a register. */
  readonly isPlain: boolean;
}

/** The loads of %gs's selector that have one of the positions as their last opcode byte, on Linux's way. */
export function selectorLoads(code: Code, opcodes: readonly number[]): SelectorLoad[] {
  const { walk } = code;
  const loads: SelectorLoad[] = [];
  for (const position of startsOf(code, opcodes, isSelectorLoad)) {
    const instruction = instructionAt(walk, position);
    const { map, length, rm } = instruction;
    const isPlain = map === OpcodeMap.Primary && instruction.mod === 3;
    const values = isPlain ? valuesBefore(walk, position, rm, { linuxOnly: true }) : undefined;
    const isKnown = values !== undefined && !values.other && values.loads.length === 0 && values.constants.length > 0;
    loads.push({ position, length, isPlain, isNull: isKnown && values.constants.every(({ value }) => value === 0) });
  }
  return loads;
}

/** The wrfsbase or wrgsbase instructions that have one of the positions as their last opcode byte, on Linux's way. */
export function baseWrites(code: Code, opcodes: readonly number[], segment: "fs" | "gs"): number[] {
  const extension = segment === "fs" ? 2 : 3;
  return startsOf(code, opcodes, (instruction) => isBaseWrite(instruction) && instruction.extension === extension);
}

/** Whether the code reads or writes the base of a segment by `rdgsbase`, `wrgsbase` and their kind, or `swapgs`, on Linux's way. */
export function usesBaseOf(code: Code, segment: "fs" | "gs"): boolean {
  let uses = false;
  forEachInstructionWith(code, BASE_BYTES, (position, { map, opcode, mod, extension, prefixes, modrm }) => {
    if (map !== OpcodeMap.Secondary || !code.walk.isReachedOnLinux(position)) return;
    const isAccess = opcode === 0xae && mod === 3 && extension < 4 && (prefixes & Prefix.Rep) !== 0;
    if (isAccess && ((extension & 1) === 1) === (segment === "gs")) uses = true;
    if (segment === "gs" && opcode === 0x01 && modrm === 0xf8) uses = true;
  });
  return uses;
}

const BASE_BYTES = [
  [0x0f, 0xae],
  [0x0f, 0x01, 0xf8],
];

/** Starts of the known instructions that `isIt` and whose last opcode byte stands at one of the positions. */
function startsOf({ walk }: Code, opcodes: readonly number[], isIt: (instruction: Instruction) => boolean): number[] {
  const starts: number[] = [];
  for (const at of opcodes) {
    const start = walk.isKnown(at) ? walk.startOf(at) : -1;
    if (start < 0 || !walk.isReachedOnLinux(start)) continue;
    const instruction = instructionAt(walk, start);
    if (start + instruction.opcodeAt === at && isIt(instruction)) starts.push(start);
  }
  return starts;
}
