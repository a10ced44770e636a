/** Refusals that depend on arguments, as far as a system call's registers show them. Each was compared with a run of that release. */

import type { ErrnoName } from "./errno.js";
import type { RanReleaseId } from "./gvisor.js";

/** A condition on one argument (0 to 5): the low 32 bits unless `wide`, where all 64 are compared with a number that fits 32. */
export type Condition =
  | { readonly arg: number; readonly is: readonly number[] }
  | { readonly arg: number; readonly not: readonly number[] }
  | { readonly arg: number; readonly mask: number; readonly is: readonly number[] }
  | { readonly arg: number; readonly mask: number; readonly not: readonly number[] };

/** One refusal: all conditions hold. "success" answers 0 without asking the kernel. */
export interface Refusal {
  readonly number: number;
  readonly when: readonly Condition[];
  readonly errno: ErrnoName | "success";
  /** Releases that do so; all unless told. */
  readonly releases?: readonly RanReleaseId[];
}

const OLD: readonly RanReleaseId[] = ["2022-12", "2024-07"];
const NEW: readonly RanReleaseId[] = ["2026-09"];
const FROM_2024: readonly RanReleaseId[] = ["2024-07", "2026-09"];

const is = (arg: number, ...values: number[]): Condition => ({ arg, is: values });
const not = (arg: number, ...values: number[]): Condition => ({ arg, not: values });
const any = (arg: number, mask: number): Condition => ({ arg, mask, not: [0] });
const refuse = (
  number: number,
  errno: Refusal["errno"],
  when: readonly Condition[],
  releases?: readonly RanReleaseId[],
): Refusal => ({
  number,
  when,
  errno,
  ...(releases && { releases }),
});

/** The first that fits decides; what none fits goes to the kernel. */
export const refusals: readonly Refusal[] = [
  // arch_prctl: only ARCH_SET_FS and ARCH_GET_FS (pkg/sentry/syscalls/linux/sys_tls_amd64.go:48).
  refuse(158, "EINVAL", [not(0, 0x1002, 0x1003)]),
  // rseq: no platform of these releases has it by default.
  refuse(334, "ENOSYS", []),
  // io_uring: off without --iouring since 2023-01 (runsc/config/flags.go).
  refuse(425, "ENOSYS", [], FROM_2024),
  refuse(426, "ENOSYS", [], FROM_2024),
  // seccomp: SECCOMP_SET_MODE_FILTER with no flag but TSYNC (sys_seccomp.go:52).
  refuse(317, "EINVAL", [not(0, 1)]),
  refuse(317, "EINVAL", [any(1, 0xfffffffe)]),
  // mmap: MAP_SHARED_VALIDATE is both MAP_SHARED and MAP_PRIVATE to gVisor (sys_mmap.go:57).
  refuse(9, "EINVAL", [{ arg: 3, mask: 3, is: [0, 3] }]),
  // mremap: MREMAP_DONTUNMAP.
  refuse(25, "EINVAL", [any(3, 4)]),
  // madvise: refused are REMOVE; FREE, WIPEONFORK, KEEPONFORK, COLD, PAGEOUT, POPULATE_*, COLLAPSE, GUARD_*.
  refuse(28, "ENOSYS", [is(2, 9)]),
  refuse(28, "EINVAL", [is(2, 8, 18, 19, 20, 21, 22, 23, 24, 25, 102, 103)]),
  // memfd_create: no flag but MFD_CLOEXEC and MFD_ALLOW_SEALING (sys_file.go:1687).
  refuse(319, "EINVAL", [any(1, 0xfffffffc)]),
  // open and openat with __O_TMPFILE; gVisor opens the folder for writing, which fails.
  refuse(2, "EISDIR", [any(1, 0x400000)]),
  refuse(257, "EISDIR", [any(2, 0x400000)]),
  // renameat2: RENAME_NOREPLACE only; RENAME_EXCHANGE since 2026-03 (2c1c4a551).
  refuse(316, "EINVAL", [any(4, 0xfffffffe)], OLD),
  refuse(316, "EINVAL", [any(4, 0xfffffffc)], NEW),
  // fallocate: plain growth only.
  refuse(285, "EOPNOTSUPP", [not(1, 0)]),
  // lseek: SEEK_DATA and SEEK_HOLE on the default overlay.
  refuse(8, "EINVAL", [is(2, 3, 4)]),
  // clone: CLONE_PIDFD, CLONE_PARENT, CLONE_NEWCGROUP (kernel/task_clone.go); 2022 ignores them, as unshare long did.
  refuse(56, "EINVAL", [any(0, 0x02000000)], FROM_2024),
  refuse(56, "EINVAL", [any(0, 0x9000)], ["2024-07"]),
  refuse(272, "success", [is(0, 0x80, 0x02000000)], OLD),
  refuse(272, "success", [is(0, 0x80)], NEW),
  refuse(272, "EINVAL", [any(0, 0x02000000)], NEW),
  // waitid: P_PIDFD came with pidfd_open.
  refuse(247, "EINVAL", [is(0, 3)], OLD),
  // timerfd: no *_ALARM clocks; TFD_TIMER_CANCEL_ON_SET since 2026-05.
  refuse(283, "EINVAL", [is(0, 8, 9)]),
  refuse(286, "EINVAL", [any(1, 2)], OLD),
  // futex: LOCK_PI2, WAIT_REQUEUE_PI, CMP_REQUEUE_PI (and the 128 of FUTEX_PRIVATE_FLAG, 256 of CLOCK_REALTIME aside).
  refuse(202, "ENOSYS", [{ arg: 1, mask: 0x7f, is: [11, 12, 13] }]),
  // fcntl: leases, directory notes, read/write hints; open-file-description locks since 2024.
  refuse(72, "EINVAL", [is(1, 1024, 1025, 1026, 1035, 1036, 1037, 1038)]),
  refuse(72, "EINVAL", [is(1, 36, 37, 38)], ["2022-12"]),
  // ioctl: FS_IOC_GETFLAGS, FS_IOC_FIEMAP, FICLONE, TIOCPKT, TIOCGPTPEER, TCSBRK, TCXONC, TCFLSH, TIOCSTI, TCGETS2.
  refuse(16, "EOPNOTSUPP", [is(1, 0x40049409)], NEW),
  refuse(16, "ENOTTY", [is(1, 0x80086601, 0xc020660b, 0x40049409, 0x5420, 0x5441, 0x5409, 0x540a, 0x540b, 0x5412, 0x802c542a)]),
  // ptrace: PEEKSIGINFO, SECCOMP_GET_FILTER, GET_SYSCALL_INFO, GET_RSEQ_CONFIGURATION.
  refuse(101, "EIO", [is(0, 0x4209, 0x420c, 0x420e, 0x420f)]),
  // socket: AF_UNIX, AF_INET, AF_INET6, AF_NETLINK and AF_PACKET are there; of netlink, routes and device events.
  refuse(41, "EAFNOSUPPORT", [not(0, 1, 2, 10, 16, 17)]),
  refuse(41, "EPROTONOSUPPORT", [is(0, 16), not(2, 0, 15)]),
  // SCTP, UDPLITE and MPTCP.
  refuse(41, "EINVAL", [is(0, 2, 10), is(2, 132, 136, 262)]),
  // preadv2 and pwritev2: nothing beyond RWF_HIPRI, RWF_DSYNC and RWF_SYNC.
  refuse(327, "EOPNOTSUPP", [any(5, 0xfffffff8)]),
  refuse(328, "EOPNOTSUPP", [any(5, 0xfffffff8)]),
  // Scheduling: SCHED_OTHER; SCHED_BATCH and SCHED_IDLE since 2026.
  refuse(144, "EINVAL", [not(1, 0)], OLD),
  refuse(144, "EINVAL", [not(1, 0, 3, 5)], NEW),
  // prctl: everything that gVisor has no name for.
  refuse(157, "EINVAL", [is(0, 22), not(1, 2)]),
  refuse(157, "EINVAL", [not(0, 1, 2, 3, 4, 7, 8, 15, 16, 21, 22, 23, 24, 35, 38, 39, 0x59616d61)], ["2022-12"]),
  refuse(157, "EINVAL", [not(0, 1, 2, 3, 4, 7, 8, 15, 16, 21, 22, 23, 24, 35, 36, 37, 38, 39, 0x59616d61)], ["2024-07"]),
  refuse(157, "EINVAL", [not(0, 1, 2, 3, 4, 7, 8, 15, 16, 21, 22, 23, 24, 27, 28, 35, 36, 37, 38, 39, 0x59616d61)], NEW),
  // personality: reading it, and bits that change nothing, since 2026-06.
  refuse(135, "EINVAL", [not(0, 0xffffffff), any(0, 0x00040000)], NEW),
];
