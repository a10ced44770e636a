/** One way back from two changes, made one after the other. */

import { RefusedError } from "../errors.js";
import { forward, keepsLength } from "./apply.js";
import { type Plan, refuseOverlaps } from "./plan.js";

/** The plan that leads from the original of `former` to the result of `next`. Throws RefusedError where they touch the same bytes. */
export function joinPlans(former: Plan, next: Plan): Plan {
  const edits = [...former.edits, ...next.edits].sort((a, b) => a.fileOffset - b.fileOffset);
  try {
    refuseOverlaps(edits);
  } catch {
    throw new RefusedError([
      `${next.input.name} was fixed before, in bytes that have to change again; \`sandfit undo\` it first`,
    ]);
  }
  if (!keepsLength(forward(edits))) {
    throw new RefusedError([`${next.input.name} was fixed before in a way that changed its length; \`sandfit undo\` it first`]);
  }
  const mode = former.mode && next.mode ? { before: former.mode.before, after: next.mode.after } : (former.mode ?? next.mode);
  return {
    ...next,
    input: { ...former.input, name: next.input.name },
    ...(mode && { mode }),
    edits,
    repairs: [...new Set([...former.repairs, ...next.repairs])],
  };
}
