/** Scheduling, limits, and the locks and barriers of threads and processes. */

import * as o from "../../asm/operands.js";
import { failed, missing, result, room, words } from "../../asm/small-test.js";
import { about, type Draft, sentry } from "./define.js";
import * as s from "./steps.js";

const SCHED = "syscalls/linux/sys_sched.go";

function setLimit(id: string, resource: number, name: string, consequence: string): Draft {
  return {
    id,
    title: `setrlimit(${name}) is EPERM`,
    kind: "refused",
    asks: [
      { call: "setrlimit", args: { 0: resource }, answers: ["EPERM"] },
      { call: "prlimit64", args: { 1: resource }, answers: ["EPERM"] },
    ],
    linux: { answer: "ok" },
    consequence,
    source: [sentry("syscalls/linux/sys_rlimit.go", 85)],
    // Lowered to what it is.
    probe: { steps: [s.must("getrlimit", resource, room()), s.call("setrlimit", resource, room())], anywhere: true },
    cure: { how: "never", reason: "accounting", because: "a limit that is not kept must not seem to be" },
  };
}

export const scheduling = about("scheduling", [
  {
    id: "sem-undo",
    title: "SEM_UNDO is accepted and nothing is undone",
    kind: "silent",
    asks: [{ call: ["semop", "semtimedop"], answers: ["ok"] }],
    linux: { answer: "1" },
    consequence:
      "A process that dies while it holds a System V semaphore keeps it: Apache (Mutex sysvsem), older PostgreSQL and SAP stand still until someone removes it",
    remedies: [{ option: "Apache: Mutex flock" }],
    source: [sentry("syscalls/linux/sys_sem.go", 93)],
    probe: {
      steps: [
        s.must("semget", 0, 1, 0o600),
        s.must("semctl", result(0), 0, 16, 1), // SETVAL
        { child: [s.call("semop", result(0), words(0x1000ffff0000n), 1)] },
        s.call("semctl", result(0), 0, 12, 0), // GETVAL
        { poke: 0, size: 4, value: { result: 3 } },
        s.call("semctl", result(0), 0, 0, 0), // IPC_RMID
        { peek: 0, size: 4 },
      ],
      number: true,
      anywhere: true,
    },
    cure: { how: "never", reason: "locking", because: "a lock that is not given back must not seem to be" },
  },
  {
    id: "rseq",
    title: "rseq is ENOSYS on systrap and ptrace",
    kind: "missing",
    asks: [{ call: "rseq" }],
    linux: { answer: "EINVAL" },
    consequence: "tcmalloc and librseq use slower ways, or stop (librseq asserts); every glibc program asks and goes on",
    remedies: [{ option: "GLIBC_TUNABLES=glibc.pthread.rseq=0 makes no difference to the result" }],
    source: [sentry("engine/rseq.go", 52)],
    probe: { steps: [s.call("rseq", 0, 0, 0, 0)], anywhere: missing },
    cure: { how: "none", because: "the kernel would have to restart sequences" },
  },
  {
    id: "sched-fifo",
    title: "real-time scheduling is EINVAL",
    kind: "refused",
    asks: [{ call: "sched_setscheduler", args: { 1: [1, 2, 6] } }],
    linux: { answer: "ok" },
    consequence: "JACK, PipeWire, chrony, ptp4l, libvirt and chrt -f run without real time, or stop",
    source: [sentry(SCHED, 91)],
    probe: { steps: [s.call("sched_setscheduler", 0, 1, words(1))] },
    cure: { how: "without", drop: "the policy: SCHED_OTHER, for programs that only want to be fast" },
  },
  {
    id: "sched-priority-max",
    title: "sched_get_priority_max(SCHED_FIFO) is 0",
    kind: "value",
    asks: [{ call: ["sched_get_priority_max", "sched_get_priority_min"], args: { 0: [1, 2] } }],
    linux: { answer: "99" },
    consequence: "chrt and real-time programs say that the priority which they were given is not valid: no call failed before",
    source: [sentry(SCHED, 127)],
    probe: { steps: [s.call("sched_get_priority_max", 1)], number: true, anywhere: true },
    cure: { how: "answer", answer: "99 for the maximum, 1 for the minimum; sched_setscheduler is asked next" },
  },
  {
    id: "sched-rr-interval",
    title: "sched_rr_get_interval is EPERM",
    kind: "refused",
    asks: [{ call: "sched_rr_get_interval" }],
    linux: { answer: "ok" },
    consequence: "Programs that ask for their time slice (stress-ng, some tests) fail",
    probe: { steps: [s.call("sched_rr_get_interval", 0, room())], anywhere: failed },
    cure: { how: "answer", answer: "0.1 s" },
  },
  {
    id: "sched-batch",
    title: "SCHED_BATCH and SCHED_IDLE came in 2026",
    kind: "refused",
    asks: [{ call: "sched_setscheduler", args: { 1: [3, 5] } }],
    linux: { answer: "ok" },
    consequence: "chrt -b, PostgreSQL's and build tools' idle workers fail or warn",
    probe: { steps: [s.call("sched_setscheduler", 0, 3, words(0))], anywhere: failed },
    cure: { how: "answer", answer: "0: only the speed differs" },
  },
  setLimit(
    "rlimit-sigpending",
    11,
    "RLIMIT_SIGPENDING",
    "pam_limits, systemd and docker --ulimit set it for every session: a login or a start fails",
  ),
  setLimit("rlimit-msgqueue", 12, "RLIMIT_MSGQUEUE", "pam_limits and docker --ulimit msgqueue: a login or a start fails"),
  setLimit("rlimit-nice", 13, "RLIMIT_NICE", "pam_limits (audio groups) and systemd: a login or a start fails"),
  {
    id: "membarrier",
    title: "membarrier knows five commands of ten",
    kind: "value",
    asks: [{ call: "membarrier", args: { 0: { not: [0, 1, 2, 4, 8, 16] } } }],
    linux: { answer: "more" },
    consequence: ".NET, Java and JIT compilers ask first what there is and take slower ways; those that do not ask get EINVAL",
    source: [sentry("syscalls/linux/sys_membarrier.go", 31)],
    probe: { steps: [s.call("membarrier", 0, 0, 0)], words: { 31: "0x1f", other: "more" } },
    cure: { how: "none", because: "the barrier would not be there" },
  },
  {
    id: "futex-waitv",
    title: "there is no futex_waitv",
    kind: "missing",
    asks: [{ call: "futex_waitv" }],
    linux: { answer: "EINVAL" },
    consequence: "Wine with fsync uses its server instead",
    remedies: [{ option: "WINEFSYNC=0" }],
    probe: { steps: [s.call("futex_waitv", 0, 0, 0, 0, 0)], anywhere: missing },
    cure: { how: "none", because: "nobody would be woken" },
  },
  {
    id: "futex-lock-pi2",
    title: "futex(FUTEX_LOCK_PI2), WAIT_REQUEUE_PI and CMP_REQUEUE_PI are ENOSYS",
    kind: "missing",
    asks: [{ call: "futex", args: { 1: [11, 12, 13, 139, 140, 141, 395, 396, 397] } }],
    linux: { answer: "ok", since: "5.14" },
    consequence: "Condition variables with priority inheritance, and mutexes of that kind with a monotonic time limit, fail",
    source: [sentry("syscalls/linux/sys_futex.go", 266)],
    probe: { steps: [s.call("futex", room(), 13, 0, 0, 0, 0)], anywhere: missing },
    cure: { how: "never", reason: "locking", because: "a lock that is not held must not seem to be" },
  },
  {
    id: "rlimit-data",
    title: "RLIMIT_DATA does not count mappings",
    kind: "silent",
    asks: [{ call: ["setrlimit", "prlimit64"], args: { 0: 2 }, answers: ["ok"] }],
    linux: { answer: "ENOMEM" },
    consequence:
      "Programs that limit a child's memory so (judges, test runners) do not: it may take 128 MB where 1 MB is allowed. RLIMIT_AS is kept",
    remedies: [{ option: "RLIMIT_AS (ulimit -v), or the container's memory limit" }],
    source: [sentry("mm/syscalls.go", 767)],
    probe: {
      steps: [s.must("setrlimit", 2, { words: [0x100000, 0x100000] }), s.call("mmap", 0, 128 << 20, 3, 0x22, -1, 0)],
      anywhere: true,
    },
    cure: { how: "never", reason: "accounting", because: "a limit that is not kept must not seem to be" },
  },
  {
    id: "rlimit-stack",
    title: "RLIMIT_STACK set by a program does not bound its stack",
    kind: "silent",
    asks: [{ call: ["setrlimit", "prlimit64"], args: { 0: 3 }, answers: ["ok"] }],
    linux: { answer: "SIGSEGV" },
    consequence:
      "A program that lowers the limit for itself may use the stack on: judges and test runners that count on it do not stop a recursion without end",
    remedies: [{ option: "set the limit before the program is started, or the container's memory limit" }],
    probe: {
      // A limit of 1 MB, then a word 6 MB below.
      steps: (a) => {
        a.mov(o.rip("room"), 1 << 20, 8).mov(o.rip("room", 8), 1 << 20, 8);
        a.mov(o.edi, 3).lea(o.rsi, o.rip("room")).mov(o.eax, 160).syscall();
        a.mov(o.mem(o.rsp, -(6 << 20)), o.rax);
      },
    },
    cure: { how: "never", reason: "accounting", because: "a limit that is not kept must not seem to be" },
  },
]);
