/** wrfsbase: a base of %fs that is set without a system call, which the ptrace platform takes back. */

import * as o from "../../asm/operands.js";
import { wrong } from "../../asm/small-test.js";
import { evidenceAt } from "../../code/code.js";
import { isLikelyOpcode } from "../../code/in-step.js";
import { baseWrites, isBaseWrite } from "../../code/selectors.js";
import type { Behaviour, Consequence } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { defineRule } from "../define.js";
import { UNDER_QEMU } from "../shared/emulation.js";
import { consequenceOf } from "../shared/reach.js";
import { siteAt } from "../shared/sites.js";

const onPtrace = (consequence: Consequence): Behaviour => ({ clauses: [{ consequence, platforms: ["ptrace"] }] });

/** wrfsbase; the position is that of the last opcode byte. */
const patterns = ["f3 0f >ae d0+r", "f3 .. 0f >ae d0+r"];

export const wrfsbase = defineRule({
  id: "wrfsbase",
  fixable: false,
  words: {
    title: "%fs set by wrfsbase",
    summary: ({ facts }) => `${facts["writes"]} wrfsbase`,
    why:
      "On ptrace gVisor puts the base of %fs back to what arch_prctl has set last at the next system call, so thread state is lost. systrap " +
      "keeps it.",
    remedy: () =>
      `not fixable by an edit; arch_prctl(ARCH_SET_FS) instead of wrfsbase works everywhere, and so does gVisor's systrap platform, ${UNDER_QEMU}`,
    links: [gvisorSource("pkg/sentry/platform/ptrace/subprocess_amd64.go")],
  },
  behaviour: onPtrace("fails"),
  probe: {
    id: "wrfsbase",
    bites: wrong,
    test: (a) => {
      a.lea(o.rbx, o.rip("room")).wrfsbase(o.rbx).mov(o.eax, 39).syscall().rdfsbase(o.rax).sub(o.rax, o.rbx);
    },
  },
  signature: { signals: ["SIGSEGV"] },
  patterns,
  async find(subject) {
    const candidates = subject.sightings(...patterns);
    if (!candidates.some((at) => isLikelyOpcode(subject.codeBytes, at, isBaseWrite))) return undefined;
    const { code } = await subject.code();
    // Kernels have it too, and gVisor's own runsc carries one: only what is called from the entry point or exported counts.
    const writes = baseWrites(code, candidates, "fs").filter((position) => evidenceAt(code, position) === "entry");
    if (writes.length === 0) return undefined;
    return {
      behaviour: onPtrace(consequenceOf(code, writes)),
      sites: writes.map((position) => siteAt(code, position, "wrfsbase")),
      facts: { writes: writes.length },
    };
  },
});
