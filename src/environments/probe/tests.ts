/** What a probe tries: system calls and instructions, and when the outcome means that programs which need them fail here. */

import * as o from "../../asm/operands.js";
import { missing, type Outcome, type ProbeTest, type Test } from "../../asm/small-test.js";
import { answerOf } from "../../gvisor/differences/answer.js";
import type { Difference } from "../../gvisor/differences/define.js";
import { differences } from "../../gvisor/differences/index.js";
import { rules } from "../../rules/index.js";

/** The harmless ones among the known differences, and what is no difference and tells releases apart. */
const differenceTests: readonly ProbeTest[] = [
  ...differences.filter(({ probe }) => probe.anywhere !== undefined).map(testOf),
  { id: "seccomp-filter", bites: missing, test: [[317, 1, 0, 0]] },
];

function testOf(difference: Difference): ProbeTest {
  const { id, linux, probe } = difference;
  const { anywhere } = probe;
  const bites = typeof anywhere === "function" ? anywhere : (outcome: Outcome) => answerOf(difference, outcome) !== linux.answer;
  return { id, bites, test: probe.steps };
}

/** Probes of rules, each once. What they answer in a release is recorded in its file. */
export const ruleProbes: readonly ProbeTest[] = [...new Set(rules.flatMap((rule) => rule.probe ?? []))];

/** The same and those of known differences, whose answers are recorded in gvisor/differences/answers.json. */
export const probeTests: readonly ProbeTest[] = [...ruleProbes, ...differenceTests];

/** The rules that a probe shows to bite. */
export function rulesOf(probe: ProbeTest): string[] {
  return rules.filter((rule) => rule.probe === probe).map((rule) => rule.id);
}

/** Answers that tell what the environment is; they are not shown as refusals. */
export const signTests: readonly Test[] = [
  // The first line of the kernel's log, "<6>[    0.000000] Starting gVisor...": 1 where it is so.
  {
    id: "sign:kernel-log",
    test: (a) => {
      const no = a.fresh("no");
      a.mov(o.edi, 3).lea(o.rsi, o.rip("room")).mov(o.edx, 4096).mov(o.eax, 103).syscall();
      a.xor(o.eax, o.eax).mov(o.rcx, 0x676e697472617453n).cmp(o.rip("room", 18), o.rcx).j("ne", no);
      a.mov(o.rcx, 0x2e726f7369566720n).cmp(o.rip("room", 26), o.rcx).j("ne", no).inc(o.eax).label(no);
    },
  },
  // Which entries of the auxiliary vector are there, one bit for each type below 64.
  {
    id: "sign:auxiliary-vector",
    test: (a) => {
      const [names, entries, end] = ["names", "entries", "end"].map((stem) => a.fresh(stem));
      a.mov(o.rbx, o.rip("stack_at_start"))
        .mov(o.rax, o.mem(o.rbx))
        .lea(o.rbx, o.mem(o.rbx, 16, o.rax, 8));
      a.label(names).add(o.rbx, 8).cmp(o.mem(o.rbx, -8), 0, 8).j("ne", names).xor(o.eax, o.eax);
      a.label(entries).mov(o.rcx, o.mem(o.rbx)).test(o.rcx, o.rcx).j("e", end).add(o.rbx, 16);
      // bts %rcx,%rax for types below 64 (AT_SYSINFO_EHDR is 33, AT_MINSIGSTKSZ 51)
      a.cmp(o.rcx, 63).j("a", entries).bytes(0x48, 0x0f, 0xab, 0xc8).jmp(entries).label(end);
    },
  },
  // The base of %gs, by RDGSBASE; a kernel without FSGSBASE gives SIGILL.
  { id: "sign:gs-base", test: (a) => void a.rdgsbase(o.rax) },
  // Whether a base of %fs set by WRFSBASE outlives a system call: 1 where it does.
  {
    id: "sign:fs-base-kept",
    test: (a) => {
      a.lea(o.rbx, o.rip("room")).wrfsbase(o.rbx).mov(o.eax, 102).syscall();
      a.rdfsbase(o.rcx).xor(o.eax, o.eax).cmp(o.rcx, o.rbx).set("e", o.al);
    },
  },
];
