/** Processes: prctl, arch_prctl, personality, namespaces, identity. */

import { Assembler } from "../../asm/assembler.js";
import { writeElf } from "../../asm/elf-writer.js";
import * as o from "../../asm/operands.js";
import { failed, missing, type Pointed, result, room, text, words } from "../../asm/small-test.js";
import { about, type Cure, type Draft, issue, sentry } from "./define.js";
import * as s from "./steps.js";

const PRCTL = "syscalls/linux/sys_prctl.go";

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

/** struct perf_event_attr: PERF_TYPE_SOFTWARE, 64 bytes, PERF_COUNT_SW_TASK_CLOCK, exclude_kernel. */
const taskClock = words(0x4000000001n, 1, 0, 0, 0, 0x20, 0, 0);

/** The bytes of a program whose exit code is the low byte of its effective user, as words. */
function tellsUser(): { readonly bytes: Pointed; readonly length: number } {
  const a = new Assembler();
  a.func("_start").mov(o.eax, 107).syscall().mov(o.edi, o.eax).mov(o.eax, 60).syscall();
  const { bytes } = writeElf(a);
  const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  return {
    bytes: words(...Array.from({ length: padded.length / 8 }, (_, i) => view.getBigUint64(8 * i, true))),
    length: bytes.length,
  };
}
const program = tellsUser();

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
      // Six times: a process that sets the base, then 20 that only make calls. %r13d counts those of the latter that die.
      steps: (a) => {
        const [round, calls, healthy] = ["round", "calls", "healthy"].map((stem) => a.fresh(stem));
        const child = (body: () => void) => {
          const [parent, spin] = [a.fresh("parent"), a.fresh("spin")];
          a.mov(o.eax, 57).syscall().test(o.eax, o.eax).j("ne", parent);
          body();
          a.mov(o.ebx, 20)
            .label(spin)
            .mov(o.eax, 110)
            .syscall()
            .dec(o.ebx)
            .j("ne", spin)
            .xor(o.edi, o.edi)
            .mov(o.eax, 60)
            .syscall();
          a.label(parent)
            .mov(o.rdi, o.rax)
            .lea(o.rsi, o.rip("room"))
            .xor(o.edx, o.edx)
            .xor(o.r10d, o.r10d)
            .mov(o.eax, 61)
            .syscall();
        };
        a.xor(o.r13d, o.r13d).mov(o.r15d, 6).label(round);
        child(() => a.lea(o.rax, o.rip("room", 0x1000)).wrgsbase(o.rax));
        a.mov(o.r12d, 20).label(calls);
        child(() => {});
        a.cmp(o.rip("room"), 0, 4).j("e", healthy).inc(o.r13d).label(healthy).dec(o.r12d).j("ne", calls);
        a.dec(o.r15d).j("ne", round).mov(o.eax, o.r13d);
      },
      words: { 0: "none dies", other: "others die" },
    },
    cure: { how: "none", because: "it is no answer of a system call" },
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
    source: [sentry("engine/task_clone.go", 881)],
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
    source: [sentry("engine/task_clone.go", 69)],
    probe: { steps: [s.call("unshare", 0x02000000)] },
    cure: { how: "without", drop: "CLONE_NEWCGROUP, where the program asks for several namespaces" },
  },
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
    id: "set-user-id",
    title: "the set-user-ID bit of a program is ignored",
    kind: "silent",
    asks: [],
    linux: { answer: "as its owner" },
    consequence:
      "sudo, su, mount, fusermount and newuidmap run with the rights of whoever calls them, and say that they must be owned by root or lack permission",
    remedies: [{ flag: "--allow-suid" }],
    source: [sentry("engine/kernel.go", 433)],
    probe: {
      steps: [
        s.must("openat", s.CWD, text("set-user-id"), 0o101, 0o700),
        s.must("write", result(0), program.bytes, program.length),
        s.must("close", result(0)),
        s.must("chmod", text("set-user-id"), 0o4755),
        s.must("chmod", text("."), 0o755),
        {
          child: [
            s.must("setresuid", 65534, 65534, 65534),
            s.call("execve", text("./set-user-id"), words(text("set-user-id"), 0), words(0)),
          ],
        },
      ],
      words: { 0: "as its owner", 254: "as who calls it" },
    },
    cure: { how: "never", reason: "security", because: "whoever starts the sandbox decides about it" },
  },
]);
