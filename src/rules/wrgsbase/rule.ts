/** wrgsbase: a base of %gs that is set without a system call. On systrap %gs is gVisor's own. */

import * as o from "../../asm/operands.js";
import { wrong } from "../../asm/small-test.js";
import { ArchCode } from "../../code/abi.js";
import { evidenceAt } from "../../code/code.js";
import { isLikelyOpcode } from "../../code/in-step.js";
import { baseWrites, isBaseWrite } from "../../code/selectors.js";
import type { Behaviour, Consequence } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { defineRule } from "../define.js";
import { UNDER_QEMU } from "../shared/emulation.js";
import { wrgsbasePatterns } from "../shared/gs.js";
import { consequenceOf } from "../shared/reach.js";
import { siteAt } from "../shared/sites.js";

/** kvm saves the base where the processor has FSGSBASE (entry_amd64.s), but was reported to lose it (google/gvisor#2010). */
const behaviourOf = (consequence: Consequence): Behaviour => ({
  clauses: [
    { consequence, platforms: ["systrap"] },
    { consequence: "may-fail", platforms: ["kvm"] },
  ],
});

export const wrgsbase = defineRule({
  id: "wrgsbase",
  fixable: false,
  words: {
    title: "%gs set by wrgsbase",
    summary: ({ facts }) => `${facts["writes"]} wrgsbase`,
    why:
      "On systrap %gs holds gVisor's own thread state: the next system call that was rewritten saves the stack pointer through the program's " +
      "memory and the process dies; with several threads each sees another one's base. ptrace keeps it.",
    remedy: () =>
      `not fixable by an edit of the same length; gVisor's ptrace platform runs it, or a build that does not use %gs, ${UNDER_QEMU}`,
    links: [
      gvisorSource("pkg/sentry/platform/systrap/sysmsg/syshandler_amd64.S", 46),
      "https://github.com/google/gvisor/issues/2010",
    ],
  },
  behaviour: behaviourOf("fails"),
  probe: {
    id: "wrgsbase",
    bites: wrong,
    needs: "changes-gs",
    // %gs set by WRGSBASE must be there after system calls.
    test: (a) => {
      const again = a.fresh("again");
      a.lea(o.rbx, o.rip("room")).wrgsbase(o.rbx).mov(o.r12d, 50);
      a.label(again).mov(o.eax, 39).syscall().dec(o.r12d).j("ne", again).rdgsbase(o.rax).sub(o.rax, o.rbx);
    },
  },
  signature: { signals: ["SIGSEGV"] },
  patterns: wrgsbasePatterns,
  async find(subject) {
    const candidates = subject.sightings(...wrgsbasePatterns);
    if (!candidates.some((at) => isLikelyOpcode(subject.codeBytes, at, isBaseWrite))) return undefined;
    const { code, archPrctls } = await subject.code();
    // Beside arch_prctl(ARCH_SET_GS) it is a part of what tls-in-gs and gs-beside-fs say.
    if (archPrctls.some((call) => call.code === ArchCode.SET_GS)) return undefined;
    // gVisor's own runsc carries one for the kernel mode of its KVM platform: only what is called from the entry point counts.
    const writes = baseWrites(code, candidates, "gs").filter((position) => evidenceAt(code, position) === "entry");
    if (writes.length === 0) return undefined;
    return {
      behaviour: behaviourOf(consequenceOf(code, writes)),
      sites: writes.map((position) => siteAt(code, position, "wrgsbase")),
      facts: { writes: writes.length },
    };
  },
});
