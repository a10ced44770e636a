/** A second way to the `syscall` of a `mov $N,%eax; syscall`: where systrap has rewritten the two, N is called on both ways. */

import { type EnteredPair, enteredPairs, unpatchableForm } from "../code/patching.js";
import type { Behaviour, Consequence } from "../sandbox/behaviour.js";
import { gvisorSource } from "../sandbox/gvisor.js";
import { type Analysis, type Change, defineRule } from "./define.js";
import { page } from "./pages/jump-to-syscall.js";
import { editAt, siteAt } from "./sites.js";

const onSystrap = (consequence: Consequence): Behaviour => ({ clauses: [{ consequence, platforms: ["systrap"] }], basis: "run" });

/** Linux has less than a thousand; macOS's begin at 0x1000000. */
const isLinuxNumber = (number: number): boolean => number >= 0 && number < 0x1000;

export const jumpToSyscall = defineRule({
  id: "jump-to-syscall",
  fixable: true,
  words: {
    title: "a second way to one syscall instruction",
    summary: ({ facts }) => `${facts["calls"]} syscall instructions that are reached with a second number in %eax`,
    why:
      "systrap replaces mov $N,%eax; syscall by a jump once N was called. Who jumps to the syscall with another number in %eax meets that " +
      "jump's middle, and gVisor starts it again at the beginning: N is called instead, in silence.",
    remedy: (finding) =>
      finding.repair !== undefined && finding.repair.refusals.length === 0
        ? "`sandfit fix` writes mov $N,%eax in a form of the same length that systrap leaves alone"
        : "not fixable by an edit here; gVisor's ptrace platform, or --systrap-disable-syscall-patching (since May 2025)",
    links: [gvisorSource("pkg/sentry/platform/systrap/usertrap/usertrap_amd64.go", 304)],
    page,
  },
  behaviour: onSystrap("may-fail"),
  async find(subject) {
    const candidates = subject.landmarks().enteredPairs;
    if (!candidates.isLikely) return undefined;
    const analysis = await subject.code();
    const pairs = enteredPairs(analysis.code, candidates.positions);
    if (pairs.length === 0) return undefined;
    const matters = pairs.some(({ unknown, others }) => unknown || others.some(isLinuxNumber));
    const edits = pairs.map((pair) => editOf(analysis, pair));
    const isWhole = edits.every((edit) => edit !== undefined);
    return {
      behaviour: onSystrap(matters ? "may-fail" : "runs"),
      sites: pairs.flatMap(({ position, sources }) => [
        siteAt(analysis.code, position, "system call"),
        ...sources.map((source) => siteAt(analysis.code, source, "jump past its mov $N,%eax")),
      ]),
      facts: { calls: pairs.length },
      repair: isWhole && matters ? { edits: edits as Change[], refusals: [] } : undefined,
    };
  },
});

function editOf({ code }: Analysis, pair: EnteredPair): Change | undefined {
  const after = unpatchableForm(code, pair);
  if (after === undefined) return undefined;
  const what = `mov $${pair.number},%eax → xor %eax,%eax; mov $${pair.number},%al; nop: systrap leaves it alone`;
  return editAt(code, pair.position - after.length / 2, after, what);
}
