/** Which functions never come back: what stands behind a call of one is not reached from it. */

import type { Instruction } from "./instruction.js";

/** What has to be known of the code. */
interface Paths {
  /** Undefined where there is no code. */
  at(address: number): Instruction | undefined;
  successors(address: number): readonly number[];
}

const MOST_INSTRUCTIONS = 4000;
const MOST_CALLS = 24;

/** Answers for one program, each function looked at once. */
export class Returns {
  private readonly code: Paths;
  private readonly known = new Map<number, boolean>();
  private depth = 0;

  constructor(code: Paths) {
    this.code = code;
  }

  /** Whether a function can come back: some path in it gets to a return. In doubt it can. */
  comesBack(start: number): boolean {
    const known = this.known.get(start);
    if (known !== undefined) return known;
    if (this.depth > MOST_CALLS) return true;
    // Met again on the way down it counts as coming back.
    this.known.set(start, true);
    this.depth++;
    const result = this.findsReturn(start);
    this.depth--;
    this.known.set(start, result);
    return result;
  }

  private findsReturn(start: number): boolean {
    const seen = new Set<number>([start]);
    const pending = [start];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const instruction = this.code.at(at);
      if (instruction === undefined || seen.size > MOST_INSTRUCTIONS) return true;
      if (instruction.operation === "return" || instruction.operation === "jump-register") return true;
      // Asks for the functions that are called here in turn.
      for (const next of this.code.successors(at)) {
        if (seen.has(next)) continue;
        seen.add(next);
        pending.push(next);
      }
    }
    return false;
  }
}
