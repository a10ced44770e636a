/** What an instruction means for a program, by how it is known that Linux gets there. */

import type { Code } from "../../code/code.js";
import { Evidence } from "../../code/evidence.js";
import type { Consequence } from "../../gvisor/behaviour.js";
import type { ElfView } from "../../image/image.js";

/** Whether the file is started itself, and not loaded by others. */
export function isProgram(view: ElfView): boolean {
  return view.entry !== 0 && view.soname === undefined;
}

/**
 * The consequence of having instructions that fail where they are executed. Reached from a program's entry point by direct calls: it
 * fails. In functions that are only known by name, unwind data or a pointer: perhaps nothing ever calls them. A library at most fails
 * the programs that call that part of it.
 */
export function consequenceOf(code: Code, positions: readonly number[]): Consequence {
  let best = 0;
  for (const position of positions) best = Math.max(best, code.walk.rankAt(position));
  if (isProgram(code.view)) return best === Evidence.Entry ? "fails" : best >= Evidence.Pointer ? "may-fail" : "runs";
  return best >= Evidence.Unwind ? "may-fail" : "runs";
}
