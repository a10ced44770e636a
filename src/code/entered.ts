/** Whether jumps go between a number and the `syscall` that it is for, told from bytes alone: no walk, for a first look. */

import { bestLooks, type JumpLook, REACH, targetOf, WINDOW } from "./first-look.js";
import { isLikelyStart } from "./in-step.js";

/** Whether a direct jump or call most likely goes to one of some `syscall` instructions. `lookForJumps` is a choice for tests. */
export function mayBeEntered(
  bytes: Uint8Array,
  calls: readonly number[],
  lookForJumps: JumpLook = bestLooks().forJumps,
): boolean {
  const wanted = new Set(calls);
  let done = 0;
  let first = 0;
  for (const call of calls) {
    const end = Math.min(bytes.length, call + REACH);
    for (let from = Math.max(done, call - REACH); from < end; from += WINDOW) {
      const size = Math.min(WINDOW, end - from);
      while (calls[first] < from - REACH) first++;
      let last = first;
      while (calls[last] < from + size + REACH) last++;
      for (const place of lookForJumps(bytes, from, size, calls.slice(first, last))) {
        const at = from + place;
        if (wanted.has(targetOf(bytes, at)) && isLikelyStart(bytes, at)) return true;
      }
    }
    done = end;
  }
  return false;
}
