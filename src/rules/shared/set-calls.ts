/** Where the thread pointer is set: `mov $code,%edi` in front of the function that calls arch_prctl, reached or not. */

import { positionsOf } from "../../bytes/find.js";
import type { Code } from "../../code/code.js";
import { functionStart } from "../../code/paths.js";
import { decode } from "../../x86/decode.js";
import { Flow, Instruction } from "../../x86/instruction.js";
import type { Analysis } from "../define.js";

/**
 * `mov $code,%edi` in code that nothing is seen to reach, but which goes on to call exactly the function that is known to
 * set the thread pointer: the thread entry of a program that never makes one. Positions of the instructions.
 */
export function unreachedSetCalls(analysis: Analysis, archCode: number): number[] {
  const { code } = analysis;
  const { bytes } = code.space;
  const stubs = new Set(analysis.archPrctls.map((call) => functionStart(code.walk, call.site.position)));
  const found: number[] = [];
  // mov $archCode,%edi
  for (const at of positionsOf([0xbf, archCode & 0xff, archCode >> 8, 0, 0], bytes)) {
    if (!code.walk.isKnown(at) && callsOneOf(code, at, stubs)) found.push(at);
  }
  return found;
}

/** Whether the instructions from a position on lead to a direct call or jump to one of some functions, without a branch. */
function callsOneOf(code: Code, from: number, functions: ReadonlySet<number>): boolean {
  const instruction = new Instruction();
  let at = from;
  for (let count = 0; count < 6; count++) {
    const length = decode(code.space.bytes, at, code.space.endOf(at), instruction);
    if (length === 0) return false;
    if (instruction.flow === Flow.Call || instruction.flow === Flow.Jump) return functions.has(instruction.target);
    if (instruction.flow !== Flow.Next) return false;
    at += length;
  }
  return false;
}
