/** System calls that gVisor lacks as a whole, or had not in older releases, and that are about nothing else here. */

import { missing, text, words } from "../../asm/small-test.js";
import { about, type Cure, type Draft, type Remedy } from "./define.js";
import * as s from "./steps.js";

/** A call that is ENOSYS. It is made with senseless arguments, so that it does nothing where it is there. */
function lacking(
  [name, ...args]: Parameters<typeof s.call>,
  linux: Draft["linux"],
  consequence: string,
  cure: Cure,
  more: Partial<Draft> = {},
): Draft {
  return {
    id: name.replaceAll("_", "-"),
    title: `there is no ${name}`,
    kind: "missing",
    asks: [{ call: name }],
    linux,
    consequence,
    probe: { steps: [s.call(name, ...args)], anywhere: missing },
    cure,
    ...more,
  };
}
/** Programs take an older call when they are told ENOSYS. */
const olderWay: Cure = { how: "none", because: "programs take the older call" };
const uring: Remedy[] = [
  { flag: "--iouring", note: "a flag for gVisor's tests: no set-up flags, no registering; too little for liburing programs" },
  { option: "UV_USE_IO_URING=0 for Node; --ioengine=libaio for fio" },
];

export const calls = about("calls", [
  lacking(
    ["io_uring_setup", 0, 0],
    { answer: "EFAULT" },
    "Programs that can do nothing else (tokio-uring, glommio, some databases) stop; Node, RocksDB and fio have other ways",
    { how: "none", because: "no request would be done" },
    {
      id: "io-uring",
      title: "io_uring_setup is ENOSYS since 2023",
      asks: [{ call: ["io_uring_setup", "io_uring_enter"] }],
      remedies: uring,
      source: [{ path: "pkg/sentry/syscalls/linux/linux64.go", line: 386 }],
    },
  ),
  lacking(
    ["io_uring_register", -1, 0, 0, 0],
    { answer: "EINVAL", since: "6.18" },
    "liburing looks what there is by it, and gives up",
    { how: "none", because: "no request would be done" },
    { remedies: uring },
  ),
  lacking(
    ["openat2", s.CWD, text("/"), words(0o200000, 0, 0), 24],
    { answer: "ok" },
    "bubblewrap 0.12 and programs built for Linux 5.6 and later without a second way fail; there since 2026-08",
    { how: "never", reason: "security", because: "its RESOLVE_ flags keep a path inside a directory" },
    {
      title: "openat2 came in 2026",
      reports: ["https://github.com/google/gvisor/issues/14451"],
    },
  ),
  lacking(
    ["mq_getsetattr", -1, 0, 0],
    { answer: "EBADF" },
    "mq_open succeeds, and then every use of a POSIX message queue fails",
    { how: "none", because: "no message would be kept" },
    {
      title: "POSIX message queues can be opened and not used",
      asks: [{ call: ["mq_getsetattr", "mq_notify", "mq_timedsend", "mq_timedreceive"] }],
      remedies: [{ option: "System V message queues work" }],
      source: [{ path: "pkg/sentry/syscalls/linux/linux64.go", line: 287 }],
    },
  ),
  lacking(
    ["fchmodat2", s.CWD, text("/nowhere"), 0o600, 0],
    { answer: "ENOENT", since: "6.6" },
    "tar, coreutils and glibc 2.39 change modes by /proc/self/fd instead",
    olderWay,
  ),
  lacking(
    ["setxattrat", -1, text("/nowhere/x"), 0, 0, 0, 0],
    { answer: "EINVAL", since: "6.13" },
    "Newer attr and tar take fsetxattr instead",
    olderWay,
    {
      asks: [{ call: "setxattrat" }],
    },
  ),
  lacking(
    ["open_tree_attr", -1, text("x"), 0, 0, 0],
    { answer: "EBADF", since: "6.15" },
    "util-linux takes open_tree and mount_setattr, of which the latter is refused too",
    olderWay,
  ),
  lacking(
    ["file_getattr", -1, text("x"), 0, 0, 0],
    { answer: "EINVAL", since: "6.17" },
    "xfsprogs takes the ioctl FS_IOC_FSGETXATTR instead, which is refused too",
    olderWay,
  ),
  lacking(
    ["cachestat", -1, 0, 0, 0],
    { answer: "EBADF", since: "6.5" },
    "vmtouch and databases that ask what of a file is in memory ask mincore, which says all of it",
    { how: "none", because: "what is in memory is not known inside" },
  ),
  lacking(
    ["move_pages", 0, 0, 0, 0, 0, 0],
    { answer: "ok" },
    "numactl, MPI libraries and JVMs with NUMA cannot move memory; ENOSYS as root, EPERM for others",
    { how: "answer", answer: "every page is on node 0" },
    {
      asks: [{ call: ["move_pages", "migrate_pages"] }],
      probe: { steps: [s.call("move_pages", 0, 0, 0, 0, 0, 0)] },
    },
  ),
]);
