/** A second way to the `syscall` of a `mov $N,%eax; syscall`: where systrap has rewritten the two, N is called on both ways. */

import * as o from "../../asm/operands.js";
import { wrong } from "../../asm/small-test.js";
import { mayBeEntered } from "../../code/entered.js";
import { type EnteredPair, enteredPairs, unpatchableForm } from "../../code/patching.js";
import type { Behaviour, Consequence } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { type Analysis, type Change, defineRule } from "../define.js";
import { UNDER_QEMU } from "../shared/emulation.js";
import { NUMBERED_CALL } from "../shared/numbered-calls.js";
import { editAt, siteAt } from "../shared/sites.js";

const onSystrap = (consequence: Consequence): Behaviour => ({ clauses: [{ consequence, platforms: ["systrap"] }] });

const [GETPID, GETPPID] = [39, 110];
/** So many calls that systrap has rewritten the place. */
const ROUNDS = 20;

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
        : `not fixable by an edit here; gVisor's ptrace platform, or --systrap-disable-syscall-patching (since May 2025), ${UNDER_QEMU}`,
    links: [gvisorSource("pkg/sentry/platform/systrap/usertrap/usertrap_amd64.go", 304)],
  },
  behaviour: onSystrap("may-fail"),
  probe: {
    id: "jump-to-syscall",
    bites: wrong,
    // getppid through the syscall of a getpid: never the same number, since the probe has a parent.
    test: (a) => {
      const [again, begin, own, enter, bad] = ["again", "begin", "own", "enter", "bad"].map((stem) => a.fresh(stem));
      a.jmp(begin, "short").label(own).mov(o.eax, GETPID).label(enter).syscall().ret();
      a.label(begin).mov(o.ebx, ROUNDS).label(again).call(own).mov(o.ebp, o.eax);
      const back = a.fresh("back");
      a.lea(o.rcx, o.rip(back)).push(o.rcx).mov(o.eax, GETPPID).jmp(enter, "short").label(back);
      a.cmp(o.eax, o.ebp).mov(o.eax, 1).j("e", bad, "short").dec(o.ebx).j("ne", again, "short").xor(o.eax, o.eax).label(bad);
    },
  },
  patterns: [NUMBERED_CALL],
  async find(subject) {
    const candidates = subject.sightings(NUMBERED_CALL);
    if (!mayBeEntered(subject.codeBytes, candidates)) return undefined;
    const analysis = await subject.code();
    const pairs = enteredPairs(analysis.code, candidates);
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
