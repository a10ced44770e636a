/** Bytes in front of a `syscall` that look like `mov $N,%eax` and are the end of another instruction: systrap rewrites them. */

import * as o from "../../asm/operands.js";
import { wrong } from "../../asm/small-test.js";
import { isLikelyStart, mayBeStart } from "../../code/in-step.js";
import { type BrokenPair, brokenPairs, reordered } from "../../code/patching.js";
import type { Behaviour } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { type Analysis, type Change, defineRule } from "../define.js";
import { NUMBERED_CALL } from "../shared/numbered-calls.js";
import { editAt, hexOf, siteAt } from "../shared/sites.js";

const GETPPID = 110;
/** So many calls that systrap has rewritten the place. */
const ROUNDS = 20;

/** From the second time on that the call is made, so it is never certain. */
const behaviour: Behaviour = { clauses: [{ consequence: "may-fail", platforms: ["systrap"] }] };

export const syscallMispatch = defineRule({
  id: "syscall-mispatch",
  fixable: true,
  words: {
    title: "an instruction that systrap rewrites by mistake",
    summary: ({ facts }) => `${facts["calls"]} system calls behind bytes that look like mov $N,%eax and are not`,
    why:
      "systrap replaces mov $N,%eax; syscall by a jump once the call was made. It looks at the seven bytes alone, so here it destroys the " +
      "instruction that they are the end of: from the second time on, that one writes a wrong value to a wrong place, in silence.",
    remedy: (finding) =>
      finding.repair !== undefined && finding.repair.refusals.length === 0
        ? "`sandfit fix` puts the real mov $N,%eax next to the syscall, so that the rewriting is right"
        : "not fixable by an edit here; gVisor's ptrace platform, or --systrap-disable-syscall-patching (since May 2025)",
    links: [
      "https://github.com/google/gvisor/issues/10849",
      gvisorSource("pkg/sentry/platform/systrap/usertrap/usertrap_amd64.go", 223),
    ],
  },
  behaviour,
  probe: {
    id: "syscall-mispatch",
    bites: wrong,
    // 41 b8 6e 00 00 00 0f 05: mov $110,%r8d in front of a getppid. After the first calls %r8d has to be 110 still.
    test: (a) => {
      const [again, bad] = [a.fresh("again"), a.fresh("bad")];
      a.mov(o.ebx, ROUNDS).label(again).mov(o.r8d, 1).mov(o.eax, GETPPID).mov(o.r8d, GETPPID).syscall();
      a.mov(o.eax, 1).cmp(o.r8d, GETPPID).j("ne", bad, "short").dec(o.ebx).j("ne", again, "short").xor(o.eax, o.eax).label(bad);
    },
  },
  patterns: [NUMBERED_CALL],
  async find(subject) {
    const candidates = subject.sightings(NUMBERED_CALL);
    const isLikely = (at: number) => !mayBeStart(subject.codeBytes, at - 5) && isLikelyStart(subject.codeBytes, at);
    if (!candidates.some(isLikely)) return undefined;
    const analysis = await subject.code();
    const pairs = brokenPairs(analysis.code, candidates);
    if (pairs.length === 0) return undefined;
    const edits = pairs.map((pair) => editOf(analysis, pair));
    const isWhole = edits.every((edit) => edit !== undefined);
    return {
      sites: pairs.flatMap(({ position, victim }) => [
        siteAt(analysis.code, victim, "instruction that is destroyed"),
        siteAt(analysis.code, position, "system call"),
      ]),
      facts: { calls: pairs.length },
      repair: isWhole ? { edits: edits as Change[], refusals: [] } : undefined,
    };
  },
});

function editOf({ code }: Analysis, pair: BrokenPair): Change | undefined {
  const order = reordered(code, pair);
  if (order === undefined) return undefined;
  return editAt(code, order.position, hexOf(order.after), `mov $${pair.number},%eax moves down to the syscall that it is for`);
}
