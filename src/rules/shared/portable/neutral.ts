/** Whether an edit for Linux changes nothing on other systems: what it closes is a way that only Linux takes. */

import type { Code } from "../../../code/code.js";
import { guardsOf } from "../../../code/host-tests.js";
import { type DecidingBranch, instructionAt } from "../../../code/paths.js";

/** The bit of `__hostos` that is set on Linux and nowhere else (libc/dce.h). */
const LINUX = 1;

/**
 * Whether every way to the side of a branch that an edit closes passes a test of the Linux bit of `__hostos`: then no other
 * system ever gets there, and closing it changes nothing on them.
 */
export function isNeutral(code: Code, branch: DecidingBranch): boolean {
  const jump = instructionAt(code.walk, branch.position);
  const closed = branch.takenToPlace ? jump.target : branch.position + jump.length;
  return guardsOf(code, closed, (test, side) => test.mask === LINUX && side === test.ifSet).complete;
}
