/** Instructions that change %gs or %fs without a system call: loads of a selector, and writes of a base (FSGSBASE). */

import { OpcodeMap } from "../x86/instruction.js";
import type { Code } from "./code.js";
import { valuesBefore } from "./flow.js";
import { isBaseWrite, isSelectorLoad } from "./landmarks.js";
import { instructionAt } from "./paths.js";

export interface SelectorLoad {
  readonly position: number;
  readonly length: number;
  /** True where the selector is 0 on every way there: plain Linux starts programs with that one. */
  readonly isNull: boolean;
  /** `mov %r16,%gs`: does nothing else, so that it can be left out. `pop %gs` moves the stack, `lgs` loads a register. */
  readonly isPlain: boolean;
}

/** The loads of %gs's selector among some positions, on Linux's way. */
export function selectorLoads(code: Code, positions: readonly number[]): SelectorLoad[] {
  const { walk } = code;
  const loads: SelectorLoad[] = [];
  for (const position of positions) {
    if (!walk.isStart(position) || !walk.isReachedOnLinux(position)) continue;
    const instruction = instructionAt(walk, position);
    const { map, length, rm } = instruction;
    if (!isSelectorLoad(instruction)) continue;
    const isPlain = map === OpcodeMap.Primary && instruction.mod === 3;
    const values = isPlain ? valuesBefore(walk, position, rm, { linuxOnly: true }) : undefined;
    const isKnown = values !== undefined && !values.other && values.loads.length === 0 && values.constants.length > 0;
    loads.push({ position, length, isPlain, isNull: isKnown && values.constants.every(({ value }) => value === 0) });
  }
  return loads;
}

/** The wrfsbase or wrgsbase instructions among some positions, on Linux's way. */
export function baseWrites(code: Code, positions: readonly number[], segment: "fs" | "gs"): number[] {
  const { walk } = code;
  return positions.filter((position) => {
    if (!walk.isStart(position) || !walk.isReachedOnLinux(position)) return false;
    const instruction = instructionAt(walk, position);
    return isBaseWrite(instruction) && instruction.extension === (segment === "fs" ? 2 : 3);
  });
}
