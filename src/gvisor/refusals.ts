/**
 * Refusals that depend on arguments, as far as a system call's registers show them. Which of them a release has stands in its file,
 * src/gvisor/releases/<id>.json: `npm run learn` tries each in that release.
 */

import type { ErrnoName } from "./errno.js";
import type { RanReleaseId } from "./gvisor.js";
import { releaseFiles } from "./releases.js";

/** A condition on the low 32 bits of one argument (0 to 5). */
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
  /** Why no small call can show it; what the release before does is assumed then. */
  readonly unprobed?: string;
}

const is = (arg: number, ...values: number[]): Condition => ({ arg, is: values });
const not = (arg: number, ...values: number[]): Condition => ({ arg, not: values });
const any = (arg: number, mask: number): Condition => ({ arg, mask, not: [0] });
const refuse = (number: number, errno: Refusal["errno"], ...when: Condition[]): Refusal => ({ number, when, errno });

/** Every refusal that some release has. Of those of one release the first that fits decides; what none fits goes to the kernel. */
export const refusals: Readonly<Record<string, Refusal>> = {
  // arch_prctl: only ARCH_SET_FS and ARCH_GET_FS (pkg/sentry/syscalls/linux/sys_tls_amd64.go:48).
  "arch-prctl": refuse(158, "EINVAL", not(0, 0x1002, 0x1003)),
  // rseq: no platform of these releases has it by default.
  rseq: refuse(334, "ENOSYS"),
  // io_uring: off without --iouring since 2023-01 (runsc/config/flags.go).
  "io-uring-setup": refuse(425, "ENOSYS"),
  "io-uring-enter": refuse(426, "ENOSYS"),
  // seccomp: SECCOMP_SET_MODE_FILTER with no flag but TSYNC (sys_seccomp.go:52).
  "seccomp-operation": refuse(317, "EINVAL", not(0, 1)),
  "seccomp-flags": refuse(317, "EINVAL", any(1, 0xfffffffe)),
  // mmap: MAP_SHARED_VALIDATE is both MAP_SHARED and MAP_PRIVATE to gVisor (sys_mmap.go:57).
  "mmap-shared-validate": refuse(9, "EINVAL", { arg: 3, mask: 3, is: [0, 3] }),
  "mremap-dontunmap": refuse(25, "EINVAL", any(3, 4)),
  // madvise: refused are REMOVE; FREE, WIPEONFORK, KEEPONFORK, COLD, PAGEOUT, POPULATE_*, COLLAPSE, GUARD_*.
  "madvise-remove": refuse(28, "ENOSYS", is(2, 9)),
  "madvise-advice": refuse(28, "EINVAL", is(2, 8, 18, 19, 20, 21, 22, 23, 24, 25, 102, 103)),
  // memfd_create: no flag but MFD_CLOEXEC and MFD_ALLOW_SEALING (sys_file.go:1687).
  "memfd-flags": refuse(319, "EINVAL", any(1, 0xfffffffc)),
  // open and openat with __O_TMPFILE; gVisor opens the folder for writing, which fails.
  "open-tmpfile": refuse(2, "EISDIR", any(1, 0x400000)),
  "openat-tmpfile": refuse(257, "EISDIR", any(2, 0x400000)),
  // renameat2: RENAME_NOREPLACE only; RENAME_EXCHANGE since 2026-03 (2c1c4a551).
  "renameat2-exchange": refuse(316, "EINVAL", any(4, 2)),
  "renameat2-flags": refuse(316, "EINVAL", any(4, 0xfffffffc)),
  // fallocate: plain growth only.
  "fallocate-mode": refuse(285, "EOPNOTSUPP", not(1, 0)),
  // lseek: SEEK_DATA and SEEK_HOLE on the default overlay.
  "lseek-holes": refuse(8, "EINVAL", is(2, 3, 4)),
  // clone: CLONE_PIDFD, CLONE_PARENT, CLONE_NEWCGROUP (engine/task_clone.go); 2022 ignores them, as unshare long did.
  "clone-newcgroup": refuse(56, "EINVAL", any(0, 0x02000000)),
  "clone-pidfd": refuse(56, "EINVAL", any(0, 0x9000)),
  "unshare-newtime": refuse(272, "success", is(0, 0x80)),
  "unshare-newcgroup-ignored": refuse(272, "success", is(0, 0x02000000)),
  "unshare-newcgroup": refuse(272, "EINVAL", any(0, 0x02000000)),
  // waitid: P_PIDFD came with pidfd_open.
  "waitid-pidfd": refuse(247, "EINVAL", is(0, 3)),
  // timerfd: no *_ALARM clocks; TFD_TIMER_CANCEL_ON_SET since 2026-05.
  "timerfd-alarm": refuse(283, "EINVAL", is(0, 8, 9)),
  "timerfd-cancel-on-set": refuse(286, "EINVAL", any(1, 2)),
  // futex: LOCK_PI2, WAIT_REQUEUE_PI, CMP_REQUEUE_PI (and the 128 of FUTEX_PRIVATE_FLAG, 256 of CLOCK_REALTIME aside).
  "futex-pi": refuse(202, "ENOSYS", { arg: 1, mask: 0x7f, is: [11, 12, 13] }),
  // fcntl: leases, directory notes, read/write hints; open-file-description locks since 2024.
  "fcntl-leases": refuse(72, "EINVAL", is(1, 1024, 1025, 1026, 1035, 1036, 1037, 1038)),
  "fcntl-ofd-locks": refuse(72, "EINVAL", is(1, 36, 37, 38)),
  // ioctl: FS_IOC_GETFLAGS, FS_IOC_FIEMAP, FICLONE, TIOCPKT, TIOCGPTPEER, TCSBRK, TCXONC, TCFLSH, TIOCSTI, TCGETS2.
  "ioctl-ficlone": refuse(16, "EOPNOTSUPP", is(1, 0x40049409)),
  "ioctl-requests": refuse(
    16,
    "ENOTTY",
    is(1, 0x80086601, 0xc020660b, 0x40049409, 0x5420, 0x5441, 0x5409, 0x540a, 0x540b, 0x5412, 0x802c542a),
  ),
  // ptrace: PEEKSIGINFO, SECCOMP_GET_FILTER, GET_SYSCALL_INFO, GET_RSEQ_CONFIGURATION.
  "ptrace-requests": {
    ...refuse(101, "EIO", is(0, 0x4209, 0x420c, 0x420e, 0x420f)),
    unprobed: "gVisor looks for the process first, and a probe traces none",
  },
  // socket: AF_UNIX, AF_INET, AF_INET6, AF_NETLINK and AF_PACKET are there; of netlink, routes and device events.
  "socket-family": refuse(41, "EAFNOSUPPORT", not(0, 1, 2, 10, 16, 17)),
  "socket-netlink": refuse(41, "EPROTONOSUPPORT", is(0, 16), not(2, 0, 15)),
  // SCTP, UDPLITE and MPTCP.
  "socket-protocol": refuse(41, "EINVAL", is(0, 2, 10), is(2, 132, 136, 262)),
  // preadv2 and pwritev2: nothing beyond RWF_HIPRI, RWF_DSYNC and RWF_SYNC.
  "preadv2-flags": refuse(327, "EOPNOTSUPP", any(5, 0xfffffff8)),
  "pwritev2-flags": refuse(328, "EOPNOTSUPP", any(5, 0xfffffff8)),
  // Scheduling: SCHED_OTHER; SCHED_BATCH and SCHED_IDLE since 2026.
  "sched-batch": refuse(144, "EINVAL", is(1, 3, 5)),
  "sched-others": refuse(144, "EINVAL", not(1, 0, 3, 5)),
  // prctl: everything that gVisor has no name for. PR_SET_CHILD_SUBREAPER since 2024, PR_SET_SECUREBITS since 2026.
  "prctl-seccomp-mode": refuse(157, "EINVAL", is(0, 22), not(1, 2)),
  "prctl-subreaper": refuse(157, "EINVAL", is(0, 36, 37)),
  "prctl-securebits": refuse(157, "EINVAL", is(0, 27, 28)),
  "prctl-options": refuse(
    157,
    "EINVAL",
    not(0, 1, 2, 3, 4, 7, 8, 15, 16, 21, 22, 23, 24, 27, 28, 35, 36, 37, 38, 39, 0x59616d61),
  ),
  // personality: reading it, and bits that change nothing, since 2026-06.
  "personality-bits": refuse(135, "EINVAL", not(0, 0xffffffff), any(0, 0x00040000)),
};

/** The refusals of one release. */
export function refusalsOf(release: RanReleaseId): Refusal[] {
  const held = releaseFiles[release].refusals;
  return Object.keys(refusals)
    .filter((id) => Object.hasOwn(held, id))
    .map((id) => refusals[id]);
}
