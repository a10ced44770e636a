/** int $0x80: 32-bit system calls from 64-bit code. gVisor has none. */

import * as o from "../../asm/operands.js";
import { wrong } from "../../asm/small-test.js";
import { isLikelyStart } from "../../code/in-step.js";
import { always } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { defineRule } from "../define.js";
import { consequenceOf } from "../shared/reach.js";
import { siteAt } from "../shared/sites.js";

/** `int $0x80` */
const CALL = "cd 80";

export const int80 = defineRule({
  id: "int80",
  fixable: false,
  words: {
    title: "32-bit system calls (int $0x80)",
    summary: ({ facts }) => `${facts["calls"]} int $0x80`,
    why:
      "gVisor has no 32-bit system calls. On systrap each answers ENOSYS; on ptrace the 64-bit call of that number is made, which is another " +
      "one (4 is write there and stat here); on kvm it is SIGSEGV.",
    remedy: () => "not fixable by an edit: numbers, registers and structures differ; use `syscall` with the 64-bit numbers",
    links: [
      gvisorSource("test/syscalls/linux/32bit.cc", 80),
      gvisorSource("pkg/sentry/platform/systrap/sysmsg/sighandler_amd64.c", 316),
    ],
  },
  behaviour: always("fails"),
  probe: {
    id: "int80",
    bites: wrong,
    // getpid by int $0x80 must equal getpid by syscall.
    test: (a) => void a.mov(o.eax, 39).syscall().mov(o.ebx, o.eax).mov(o.eax, 20).bytes(0xcd, 0x80).sub(o.eax, o.ebx),
  },
  patterns: [CALL],
  async find(subject) {
    const candidates = subject.sightings(CALL);
    if (!candidates.some((at) => isLikelyStart(subject.codeBytes, at))) return undefined;
    const { code } = await subject.code();
    const calls = candidates.filter((at) => code.walk.isStart(at) && code.walk.isReachedOnLinux(at));
    if (calls.length === 0) return undefined;
    return {
      behaviour: always(consequenceOf(code, calls)),
      sites: calls.map((position) => siteAt(code, position, "32-bit system call")),
      facts: { calls: calls.length },
    };
  },
});
