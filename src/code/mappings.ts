/** Calls of mmap and the constants that arrive as their flags. */

import { Flow } from "../x86/instruction.js";
import { readRegisters, writtenRegisters } from "../x86/operands.js";
import { Register } from "./abi.js";
import type { Code } from "./code.js";
import type { ConstantSite } from "./flow.js";
import { namesOfMmap } from "./imports.js";
import { registerIsDeadAfter } from "./liveness.js";
import { instructionAt } from "./paths.js";
import { argumentValues, importedCalls, type SystemCallSite, systemCallSites } from "./system-calls.js";

/** Linux mmap flags (include/uapi/asm-generic/mman.h and mman-common.h). */
export const MapFlag = {
  Shared: 0x01,
  Private: 0x02,
  SharedValidate: 0x03,
  Anonymous: 0x20,
  TypeMask: 0x0f,
  GrowsDown: 0x100,
  Sync: 0x80000,
  FixedNoReplace: 0x100000,
} as const;
/** All flags that there are, without the bits of a huge page's size. */
const KNOWN_FLAGS = 0x1ff17f;

/** Whether a number can be flags of mmap: a type of mapping that exists, and nothing but flags that do. */
export function areMapFlags(value: number): boolean {
  const type = value & MapFlag.TypeMask;
  return type >= MapFlag.Shared && type <= MapFlag.SharedValidate && (value & ~KNOWN_FLAGS) === 0;
}

const NUMBER_OF_MMAP = 9;
const FLAGS = 3;

export interface Mapping {
  /** The `syscall`, or the call of the imported mmap. */
  readonly site: SystemCallSite;
  /** Constants that may arrive as the flags, as far as they were asked for. */
  readonly flags: readonly ConstantSite[];
}

/** The calls of mmap that Linux can reach, with those of their flags that `isWanted`; only calls that have some. */
export function mappingsWith(code: Code, isWanted: (flags: number) => boolean): Mapping[] {
  const isMmap = ({ number }: SystemCallSite) =>
    !number.other && number.loads.length === 0 && number.constants.every(({ value }) => value === NUMBER_OF_MMAP);
  const flagsAt = (site: SystemCallSite): ConstantSite[] => {
    const { constants, whole } = argumentValues(code, site, FLAGS);
    if (!whole) code.doubts.note("mapping");
    return constants.filter(({ value }) => areMapFlags(value) && isWanted(value));
  };
  const sites = systemCallSites(code);
  for (const site of sites) if (!site.number.whole && flagsAt(site).length > 0) code.doubts.note("mapping");
  return [...sites.filter(isMmap), ...importedCalls(code, namesOfMmap())]
    .map((site) => ({ site, flags: flagsAt(site) }))
    .filter(({ flags }) => flags.length > 0);
}

/**
 * Whether a constant does nothing but serve as the flags of one call: the register takes it right there, on a straight line to the
 * call, and nothing else looks at it. Then it can be changed without touching anything else.
 */
export function servesOnlyAsFlags(code: Code, { site }: Mapping, constant: ConstantSite): boolean {
  const { walk } = code;
  const register = site.wrapper === undefined ? Register.r10 : Register.rcx;
  let at = constant.position;
  if ((writtenRegisters(instructionAt(walk, at)) & (1 << register)) === 0) return false;
  for (let count = 0; count < 24; count++) {
    const instruction = instructionAt(walk, at);
    if (instruction.length === 0 || (count > 0 && walk.sourcesOf(at).length > 0)) return false;
    if (at === site.position) return site.wrapper !== undefined || registerIsDeadAfter(walk, at, register);
    if (count > 0 && ((readRegisters(instruction) | writtenRegisters(instruction)) & (1 << register)) !== 0) return false;
    if (instruction.flow !== Flow.Next) return false;
    at += instruction.length;
  }
  return false;
}
