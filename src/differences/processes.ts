/** Processes: prctl, arch_prctl, personality, namespaces, limits, scheduling, seccomp, System V semaphores. */

import * as o from "../asm/operands.js";
import { failed, missing, result, room, text, words } from "../asm/small-test.js";
import { type ArgumentIs, about, type Cure, type Draft, issue, sentry } from "./define.js";
import * as s from "./steps.js";

const PRCTL = "syscalls/linux/sys_prctl.go";
const SCHED = "syscalls/linux/sys_sched.go";

/** A prctl that is EINVAL. */
function prctl(
  id: string,
  option: number,
  [second, third = 0]: readonly number[],
  name: string,
  consequence: string,
  cure: Cure,
  more: Partial<Draft> = {},
): Draft {
  return {
    id,
    title: `prctl(${name}) is EINVAL`,
    kind: "refused",
    asks: [{ call: "prctl", args: { 0: option } }],
    linux: { answer: "ok" },
    consequence,
    source: [sentry(PRCTL, 369)],
    probe: { steps: [s.call("prctl", option, second, third, 0, 0)], anywhere: failed },
    cure,
    ...more,
  };
}

/** A part of seccomp that is EINVAL. */
function seccomp(
  id: string,
  title: string,
  args: Readonly<Record<number, ArgumentIs>>,
  probe: Draft["probe"],
  consequence: string,
  more: Partial<Draft> = {},
): Draft {
  return {
    id,
    title,
    kind: "refused",
    asks: [{ call: "seccomp", args }],
    linux: { answer: "ok" },
    consequence,
    source: [sentry("syscalls/linux/sys_seccomp.go", 45)],
    probe,
    cure: { how: "never", reason: "security", because: "a filter that is not there must not seem to be" },
    ...more,
  };
}

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

const privileges = s.must("prctl", 38, 1, 0, 0, 0); // PR_SET_NO_NEW_PRIVS
/** A filter that answers getuid with `action` and lets all else through; then getuid. */
const filtered = (action: number) => {
  const program = [s.bpf(0x20, 0), s.bpf(0x15, 102, 0, 1), s.bpf(6, action), s.bpf(6, 0x7fff0000)];
  return [
    privileges,
    s.must("seccomp", 1, 0, words(program.length, words(...program))),
    s.must("getuid"),
    s.call("getppid"),
    s.call("exit_group", 0),
  ];
};

/** struct perf_event_attr: PERF_TYPE_SOFTWARE, 64 bytes, PERF_COUNT_SW_TASK_CLOCK, exclude_kernel. */
const taskClock = words(0x4000000001n, 1, 0, 0, 0, 0x20, 0, 0);

export const processes = about("processes", [
  {
    id: "gs-base-poisons-sandbox",
    title: "one program that sets its GS base kills programs that are started later",
    kind: "security",
    asks: [],
    linux: { answer: "none dies" },
    consequence:
      "On systrap a program that executes wrgsbase (Wine, some loaders and JITs) dies at its next system call, and so do unrelated programs that the same sandbox starts afterwards, at random: the threads that ran it are used again with the wrong base. The whole sandbox looks broken, and any program may do it to all others in it",
    remedies: [{ flag: "--systrap-disable-syscall-patching", note: "releases from 2025-05 on" }, { flag: "--platform=ptrace" }],
    source: [sentry("platform/systrap/sysmsg/syshandler_amd64.S", 22)],
    probe: {
      alone: true,
      steps: (a) => {
        const [parent, spin, again, worker, next, done, healthy] = [
          "parent",
          "spin",
          "again",
          "worker",
          "next",
          "done",
          "healthy",
        ].map((stem) => a.fresh(stem));
        a.mov(o.eax, 57).syscall().test(o.eax, o.eax).j("ne", parent);
        a.lea(o.rax, o.rip("room", 0x1000)).wrgsbase(o.rax).mov(o.ebx, 20);
        a.label(spin).mov(o.eax, 110).syscall().dec(o.ebx).j("ne", spin).xor(o.edi, o.edi).mov(o.eax, 60).syscall();
        a.label(parent)
          .mov(o.rdi, o.rax)
          .lea(o.rsi, o.rip("room"))
          .xor(o.edx, o.edx)
          .xor(o.r10d, o.r10d)
          .mov(o.eax, 61)
          .syscall();
        // Then 100 processes that make 20 calls each; %r13d counts those that die.
        a.mov(o.r12d, 100).xor(o.r13d, o.r13d);
        a.label(again).mov(o.eax, 57).syscall().test(o.eax, o.eax).j("ne", next).mov(o.ebx, 20);
        a.label(worker).mov(o.eax, 110).syscall().dec(o.ebx).j("ne", worker).xor(o.edi, o.edi).mov(o.eax, 60).syscall();
        a.label(next).mov(o.rdi, o.rax).lea(o.rsi, o.rip("room")).xor(o.edx, o.edx).xor(o.r10d, o.r10d).mov(o.eax, 61).syscall();
        a.cmp(o.rip("room"), 0, 4).j("e", healthy).inc(o.r13d).label(healthy).dec(o.r12d).j("ne", again);
        a.label(done).mov(o.eax, o.r13d);
      },
      words: { 0: "none dies", other: "others die" },
    },
    cure: { how: "none", because: "it is no answer of a system call" },
  },
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
  seccomp(
    "seccomp-ret-log",
    "a seccomp filter's RET_LOG kills",
    { 0: 1 },
    { steps: [{ child: filtered(0x7ffc0000) }], words: { 0: "ok" }, anywhere: true },
    "Profiles that are being tried out (systemd's SystemCallLog=, Docker's SCMP_ACT_LOG) kill the program instead of writing a line",
    {
      kind: "dies",
      asks: [
        { call: "seccomp", args: { 0: 1 }, answers: ["ok"] },
        { call: "prctl", args: { 0: 22 }, answers: ["ok"] },
      ],
      source: [sentry("kernel/seccomp.go", 136)],
      reports: [issue(14627)],
    },
  ),
  seccomp(
    "seccomp-log",
    "seccomp(SECCOMP_FILTER_FLAG_LOG) is EINVAL",
    { 0: 1, 1: { bits: 2 } },
    { steps: [s.call("seccomp", 1, 2, 0)], anywhere: ({ value }) => value !== -14n },
    "libseccomp takes an older interface; programs of their own that want refusals logged stop",
    { linux: { answer: "EFAULT" }, source: [sentry("syscalls/linux/sys_seccomp.go", 53)] },
  ),
  seccomp(
    "seccomp-new-listener",
    "seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER) is EINVAL",
    { 0: 1, 1: { bits: 8 } },
    { steps: [privileges, s.call("seccomp", 1, 8, words(1, words(s.bpf(6, 0x7fff0000))))], anywhere: true },
    "Sandboxes and container engines that decide call by call (crun and runc agents, Sysbox, agents that confine themselves) cannot",
    {
      source: [sentry("syscalls/linux/sys_seccomp.go", 53)],
      reports: [issue(13439), issue(14627)],
    },
  ),
  seccomp(
    "seccomp-get-action-avail",
    "seccomp(SECCOMP_GET_ACTION_AVAIL) is EINVAL",
    { 0: 2 },
    { steps: [s.call("seccomp", 2, 0, words(0x7fff0000))], anywhere: failed },
    "libseccomp takes it that only the oldest actions are there",
  ),
  seccomp(
    "seccomp-notify-sizes",
    "seccomp(SECCOMP_GET_NOTIF_SIZES) is EINVAL",
    { 0: 3 },
    { steps: [s.call("seccomp", 3, 0, room())], anywhere: failed },
    "As with NEW_LISTENER: no user notification",
  ),
  {
    id: "landlock",
    title: "there is no Landlock",
    kind: "missing",
    asks: [{ call: "landlock_create_ruleset" }],
    linux: { answer: "ok", since: "5.13" },
    consequence:
      "Programs that confine themselves (agents' command lines, xz, zathura, Go's and Rust's landlock) run unconfined where they do their best, and refuse where they insist",
    remedies: [{ option: "the program's best-effort mode; gVisor confines it already" }],
    reports: [issue(13439)],
    probe: { steps: [s.call("landlock_create_ruleset", 0, 0, 1)], anywhere: failed },
    cure: { how: "never", reason: "security", because: "a wall that is not there must not seem to be" },
  },
  {
    id: "personality",
    title: "personality can be read since 2026 only",
    kind: "refused",
    asks: [{ call: "personality", args: { 0: 0xffffffff } }],
    linux: { answer: "ok" },
    consequence: "setarch, gdb and sanitizers ask for it first and give up",
    source: [sentry("syscalls/linux/sys_personality.go", 36)],
    probe: { steps: [s.call("personality", 0xffffffff)], anywhere: failed },
    cure: { how: "answer", answer: "0" },
  },
  {
    id: "personality-no-randomize",
    title: "personality(ADDR_NO_RANDOMIZE) is EINVAL",
    kind: "refused",
    asks: [{ call: "personality", args: { 0: [0x40000, 0x400000, 0x200000] } }],
    linux: { answer: "ok" },
    consequence:
      'setarch -R fails; gdb warns: "Error disabling address space randomization"; programs that start themselves again until addresses are fixed (some Lisps, sanitizers, filebench) stop',
    remedies: [{ option: "gdb: set disable-randomization off" }],
    source: [sentry("syscalls/linux/sys_personality.go", 39)],
    reports: [issue(10901)],
    probe: { steps: [s.call("personality", 0x40000)], anywhere: failed },
    cure: {
      how: "answer",
      answer: "0; addresses stay random, so not for programs that start themselves again until they are not",
    },
  },
  prctl(
    "syscall-user-dispatch",
    59,
    [0],
    "PR_SET_SYSCALL_USER_DISPATCH",
    "Wine for programs that make system calls of Windows by themselves, and lazypoline, do not work",
    { how: "none", because: "no call would be caught" },
    { linux: { answer: "ok", since: "5.11" } },
  ),
  prctl(
    "prctl-timerslack",
    30,
    [0],
    "PR_SET_TIMERSLACK and PR_GET_TIMERSLACK",
    "systemd's TimerSlackNSec= and Android's runtime fail or warn",
    { how: "answer", answer: "50000 for PR_GET_TIMERSLACK, 0 for PR_SET_TIMERSLACK: it changes no result" },
    { asks: [{ call: "prctl", args: { 0: [29, 30] } }] },
  ),
  prctl(
    "prctl-mdwe",
    66,
    [0],
    "PR_GET_MDWE",
    "systemd's MemoryDenyWriteExecute= and programs that harden themselves so go without",
    { how: "never", reason: "security", because: "pages would not be protected" },
    { linux: { answer: "ok", since: "6.3" }, asks: [{ call: "prctl", args: { 0: [65, 66] } }] },
  ),
  prctl(
    "prctl-thp-disable",
    42,
    [0],
    "PR_GET_THP_DISABLE and PR_SET_THP_DISABLE",
    "Redis and JVMs that want no huge pages warn",
    { how: "answer", answer: "0: huge pages change no content" },
    { asks: [{ call: "prctl", args: { 0: [41, 42] } }] },
  ),
  prctl(
    "prctl-tsc",
    26,
    [1],
    "PR_SET_TSC and PR_GET_TSC",
    "rr and programs that forbid themselves the time stamp counter cannot",
    { how: "none", because: "no read of the counter would be caught" },
    { asks: [{ call: "prctl", args: { 0: [25, 26] } }] },
  ),
  prctl(
    "prctl-speculation",
    52,
    [0],
    "PR_GET_SPECULATION_CTRL",
    "Browsers, Java and systemd ask the processor for protection and learn that it has none",
    { how: "never", reason: "security", because: "a protection that is not there must not seem to be" },
    { asks: [{ call: "prctl", args: { 0: [52, 53] } }] },
  ),
  {
    id: "arch-get-gs",
    title: "arch_prctl knows ARCH_SET_FS and ARCH_GET_FS alone",
    kind: "refused",
    asks: [{ call: "arch_prctl", args: { 0: { not: [0x1002, 0x1003] } } }],
    linux: { answer: "ok" },
    consequence:
      "Wine, SQL Server, Firefox from 136 on and Cosmopolitan programs of 2022 and 2023 set a base for %gs, do not look at the answer, and crash",
    source: [sentry("syscalls/linux/sys_tls_amd64.go", 48)],
    reports: [issue(11112), issue(11567)],
    probe: { steps: [s.call("arch_prctl", 0x1004, room())], anywhere: failed },
    cure: { how: "none", because: "the base must be there; `sandfit fix` repairs Cosmopolitan programs" },
  },
  {
    id: "modify-ldt",
    title: "modify_ldt is EPERM",
    kind: "refused",
    asks: [{ call: "modify_ldt" }],
    linux: { answer: "ok" },
    consequence: "Wine for 16-bit and 32-bit programs and DOSEMU do not work",
    probe: { steps: [s.call("modify_ldt", 0, room(), 16)], anywhere: missing },
    cure: { how: "none", because: "there would be no segment" },
  },
  {
    id: "rseq",
    title: "rseq is ENOSYS on systrap and ptrace",
    kind: "missing",
    asks: [{ call: "rseq" }],
    linux: { answer: "EINVAL" },
    consequence: "tcmalloc and librseq use slower ways, or stop (librseq asserts); every glibc program asks and goes on",
    remedies: [{ option: "GLIBC_TUNABLES=glibc.pthread.rseq=0 makes no difference to the result" }],
    source: [sentry("kernel/rseq.go", 52)],
    probe: { steps: [s.call("rseq", 0, 0, 0, 0)], anywhere: missing },
    cure: { how: "none", because: "the kernel would have to restart sequences" },
  },
  {
    id: "clone3",
    title: "clone3 came in 2023",
    kind: "missing",
    asks: [{ call: "clone3" }],
    linux: { answer: "EINVAL" },
    consequence: "glibc and runtimes take clone instead",
    probe: { steps: [s.call("clone3", 0, 0)], anywhere: missing },
    cure: { how: "none", because: "a process would have to be made" },
  },
  {
    id: "clone-newtime",
    title: "unshare(CLONE_NEWTIME) is accepted and makes no time namespace",
    kind: "silent",
    asks: [{ call: "unshare", args: { 0: { bits: 0x80 } }, answers: ["ok"] }],
    linux: { answer: "ok", documented: true },
    consequence: "unshare -T and CRIU's restore of monotonic clocks find no /proc/self/timens_offsets to write to",
    source: [sentry("kernel/task_clone.go", 881)],
    probe: {
      steps: [s.must("unshare", 0x80), s.call("openat", s.CWD, text("/proc/self/timens_offsets"), 0)],
      anywhere: ({ value }) => value === -2n,
    },
    cure: { how: "none", because: "the clocks would not be apart" },
  },
  {
    id: "clone-newcgroup",
    title: "unshare(CLONE_NEWCGROUP) is EINVAL since 2026, unless cgroup2 was mounted",
    kind: "refused",
    asks: [{ call: ["unshare", "clone"], args: { 0: { bits: 0x02000000 } }, answers: ["EINVAL"] }],
    linux: { answer: "ok" },
    consequence: "Podman (--cgroupns=private), systemd-nspawn, bubblewrap --unshare-all and unshare -C fail",
    remedies: [{ option: "Podman: --cgroupns=host" }],
    source: [sentry("kernel/task_clone.go", 69)],
    probe: { steps: [s.call("unshare", 0x02000000)] },
    cure: { how: "without", drop: "CLONE_NEWCGROUP, where the program asks for several namespaces" },
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
    id: "setfsuid",
    title: "setfsuid and setfsgid are ENOSYS",
    kind: "missing",
    asks: [{ call: ["setfsuid", "setfsgid"] }],
    linux: { answer: "ok" },
    consequence:
      "NFS and SMB servers that act for a user by them get -1 where Linux gives the former user, and act as who they are",
    source: [sentry("syscalls/linux/linux64.go", 167)],
    probe: { steps: [s.call("setfsuid", 0xffffffff)], anywhere: missing },
    cure: { how: "never", reason: "security", because: "files would be touched with another user's rights" },
  },
  {
    id: "kcmp",
    title: "there is no kcmp",
    kind: "missing",
    asks: [{ call: "kcmp" }],
    linux: { answer: "ok", documented: true },
    consequence: "CRIU, systemd and Mesa cannot tell whether two descriptors are the same; ENOSYS as root, EPERM for others",
    source: [sentry("syscalls/linux/linux64.go", 357)],
    probe: { steps: [s.must("getpid"), s.call("kcmp", result(0), result(0), 0, 0, 0)] },
    cure: { how: "none", because: "whether two descriptors are the same is not known outside" },
  },
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
    id: "perf-event-open",
    title: "perf_event_open is ENODEV",
    kind: "missing",
    asks: [{ call: "perf_event_open" }],
    linux: { answer: "ok" },
    consequence: "perf, async-profiler, PAPI and ddprof measure nothing or stop",
    remedies: [{ option: "async-profiler -e itimer" }],
    source: [sentry("syscalls/linux/linux64.go", 343)],
    reports: [issue(12241)],
    probe: {
      steps: [s.call("perf_event_open", taskClock, 0, -1, -1, 0)],
      anywhere: ({ value }) => value === -38n || value === -19n,
    },
    cure: { how: "none", because: "no event would be counted" },
  },
  {
    id: "bpf-map",
    title: "bpf(BPF_MAP_CREATE) is EINVAL",
    kind: "refused",
    asks: [{ call: "bpf", args: { 0: 0 } }],
    linux: { answer: "ok" },
    consequence:
      "Cilium, Falco, bpftrace and systemd's IP filter do not work; the error is EINVAL, where tests for eBPF look for ENOSYS",
    source: [sentry("syscalls/linux/linux64.go", 366)],
    probe: { steps: [s.call("bpf", 0, words(0x400000001n, 0x100000004n, 0, 0, 0, 0, 0, 0, 0), 72)] },
    cure: { how: "never", reason: "security", because: "filters and watchers are made of it" },
  },
  {
    id: "add-key",
    title: "add_key and request_key are EACCES",
    kind: "refused",
    asks: [{ call: ["add_key", "request_key"] }],
    linux: { answer: "ok" },
    consequence: "kinit with a keyring cache, mount.cifs, fscrypt and keyctl fail",
    remedies: [{ option: "KRB5CCNAME=FILE:/tmp/krb5cc" }],
    source: [sentry("syscalls/linux/linux64.go", 293)],
    probe: { steps: [s.call("add_key", text("user"), text("sandfit"), text("x"), 1, -2)], anywhere: true },
    cure: { how: "never", reason: "security", because: "keys are not kept by make-believe" },
  },
  {
    id: "pidfd-open",
    title: "pidfd_open came in 2026",
    kind: "missing",
    asks: [{ call: ["pidfd_open", "pidfd_send_signal", "pidfd_getfd"] }],
    linux: { answer: "ok" },
    consequence: "Bun of 2023, systemd and Go wait for children by number instead, or fail",
    probe: { steps: [s.call("getpid"), s.call("pidfd_open", result(0), 0)], anywhere: missing },
    cure: { how: "none", because: "the descriptor would tell of no end" },
  },
  {
    id: "waitid-pidfd",
    title: "waitid(P_PIDFD) came in 2026",
    kind: "refused",
    asks: [{ call: "waitid", args: { 0: 3 } }],
    linux: { answer: "EBADF" },
    consequence: "Goes with pidfd_open",
    probe: { steps: [s.call("waitid", 3, 999, 0, 4, 0)], anywhere: ({ value }) => value === -22n },
    cure: { how: "none", because: "nothing would be waited for" },
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
]);
