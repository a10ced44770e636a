/** Whether a place in A64 code can be reached at all, knowing which functions never come back. */

import type { ArmCode } from "./code.js";
import { endsLine } from "./instruction.js";

const MOST_INSTRUCTIONS = 4000;
const MOST_CALLS = 6;

/** Answers for one program, each function looked at once. */
export class Reachability {
  private readonly code: ArmCode;
  private readonly known = new Map<number, boolean>();

  constructor(code: ArmCode) {
    this.code = code;
  }

  /**
   * Whether control can get to an address from the start of its function or from where it cannot be seen (a jump through
   * a register before it). False for what an edit has cut off. Too far to tell counts as yes.
   */
  isReached(address: number): boolean {
    const { code } = this;
    const seen = new Set<number>([address]);
    const pending = [address];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (code.isFunction(at) || seen.size > MOST_INSTRUCTIONS) return true;
      const before = code.at(at - 4);
      if (before === undefined || before.operation === "jump-register") return true;
      const sources = [...code.jumpsTo(at)];
      const comesBack = before.operation !== "call" || this.returns(at - 4 + before.value, 0);
      if (!endsLine(before) && comesBack) sources.push(at - 4);
      for (const source of sources) {
        if (seen.has(source)) continue;
        seen.add(source);
        pending.push(source);
      }
    }
    return false;
  }

  /** Whether a function can come back: some path in it gets to a return. In doubt it can. */
  private returns(start: number, depth: number): boolean {
    const known = this.known.get(start);
    if (known !== undefined) return known;
    if (depth > MOST_CALLS) return true;
    // Met again on the way down it counts as coming back.
    this.known.set(start, true);
    const result = this.findsReturn(start, depth);
    this.known.set(start, result);
    return result;
  }

  private findsReturn(start: number, depth: number): boolean {
    const { code } = this;
    const seen = new Set<number>([start]);
    const pending = [start];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const instruction = code.at(at);
      if (instruction === undefined || seen.size > MOST_INSTRUCTIONS) return true;
      if (instruction.operation === "return" || instruction.operation === "jump-register") return true;
      if (instruction.operation === "call" && !this.returns(at + instruction.value, depth + 1)) continue;
      for (const next of code.successors(at)) {
        if (seen.has(next)) continue;
        seen.add(next);
        pending.push(next);
      }
    }
    return false;
  }
}
