/** What a probe tries: system calls and instructions, and when the outcome means that programs which need them fail here. */

import * as o from "../asm/operands.js";
import {
  failed,
  missing,
  type Outcome,
  type ProbeTest,
  result,
  room,
  type Step,
  type Test,
  text,
  words,
} from "../asm/small-test.js";
import { rules } from "../rules/index.js";
import { codeTests } from "./code-tests.js";

const calls = (id: string, bites: (outcome: Outcome) => boolean, ...test: Step[]): ProbeTest => ({ id, test, bites });

const CWD = -100;
const map: Step = [9, 0, 0x4000, 3, 0x22, -1, 0];

/** Refusals by system call and flag. */
const callTests: readonly ProbeTest[] = [
  calls("arch-get-gs", failed, [158, 0x1004, room()]),
  calls("mremap-dontunmap", failed, map, [25, result(0), 4096, 4096, 5, 0]),
  calls("madvise-free", failed, map, [28, result(0), 4096, 8]),
  calls("madvise-wipeonfork", failed, map, [28, result(0), 4096, 18]),
  calls("memfd-noexec-seal", failed, [319, text("m"), 8]),
  calls("memfd-exec", failed, [319, text("m"), 16]),
  calls("io-uring", missing, [425, 0, 0]),
  calls("io-uring-register", missing, [427, -1, 0, 0, 0]),
  calls("pidfd-open", missing, [39], [434, result(0), 0]),
  calls("clone3", missing, [435, 0, 0]),
  calls("openat2", missing, [437, CWD, text("/"), words(0o200000, 0, 0), 24]),
  calls("copy-file-range", missing, [326, -1, 0, -1, 0, 1, 0]),
  calls("vmsplice", missing, [278, -1, 0, 0, 0]),
  calls("landlock", failed, [444, 0, 0, 1]),
  calls("seccomp-filter", missing, [317, 1, 0, 0]),
  calls("seccomp-log", ({ value }) => value !== -14n, [317, 1, 2, 0]),
  calls("seccomp-get-action-avail", failed, [317, 2, 0, words(0x7fff0000)]),
  calls("seccomp-notify-sizes", failed, [317, 3, 0, room()]),
  calls("personality", failed, [135, 0xffffffff]),
  calls("personality-no-randomize", failed, [135, 0x40000]),
  calls("o-tmpfile", failed, [257, CWD, text("/tmp"), 0x410002, 0o600]),
  calls("rename-exchange", ({ value }) => value === -22n || value === -38n, [
    316,
    CWD,
    text("/nowhere/a"),
    CWD,
    text("/nowhere/b"),
    2,
  ]),
  calls("fallocate-keep-size", failed, [319, text("f"), 0], [285, result(0), 1, 0, 4096]),
  calls("rseq", missing, [334, 0, 0, 0, 0]),
  calls("userfaultfd", missing, [323, 1]),
  calls("perf-event-open", ({ value }) => value === -38n || value === -19n, [298, room(), 0, -1, -1, 0]),
  calls("fanotify", missing, [300, 0, 0]),
  calls("pkey-alloc", missing, [330, 0, 0]),
  calls("modify-ldt", missing, [154, 0, room(), 16]),
  calls("memfd-secret", missing, [447, 0]),
  calls("futex-waitv", missing, [449, 0, 0, 0, 0, 0]),
  calls("mseal", missing, [462, 0, 0, 0]),
  calls("syscall-user-dispatch", failed, [157, 59, 0, 0, 0, 0]),
  calls("prctl-timerslack", failed, [157, 30, 0, 0, 0, 0]),
  calls("prctl-mdwe", failed, [157, 66, 0, 0, 0, 0]),
  calls("waitid-pidfd", ({ value }) => value === -22n, [247, 3, 999, 0, 4, 0]),
  calls("timerfd-cancel-on-set", failed, [283, 0, 0], [286, result(0), 3, words(0, 0, 0x7fffffff, 0), 0]),
  calls("futex-lock-pi2", missing, [202, room(), 13, 0, 0, 0, 0]),
  calls("netlink-sock-diag", failed, [41, 16, 3, 4]),
  calls("sched-batch", failed, [144, 0, 3, words(0)]),
  calls("high-address", failed, [9, 0x7f0000000000n, 4096, 3, 0x32, -1, 0]),
  calls("process-vm-readv", missing, [310, 0, 0, 0, 0, 0, 0]),
  calls("mq-getsetattr", missing, [245, -1, 0, 0]),
];

/** Probes of rules, each once, and those of refusals that no rule looks for. */
export const probeTests: readonly ProbeTest[] = [
  ...new Set(rules.flatMap((rule) => rule.probe ?? [])),
  ...callTests,
  ...codeTests,
];

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
