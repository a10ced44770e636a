/** Files: opening, holes, attributes, renaming. */

import { failed, missing, result, room, text, words } from "../../asm/small-test.js";
import { about, type Draft, issue, sentry } from "./define.js";
import * as s from "./steps.js";

const FILE = "syscalls/linux/sys_file.go";

/** An ioctl on a file that is ENOTTY. */
function fileIoctl(
  id: string,
  request: number | readonly number[],
  name: string,
  consequence: string,
  more: Partial<Draft> = {},
): Draft {
  const [first] = typeof request === "number" ? [request] : request;
  return {
    id,
    title: `${name} on a file is ENOTTY`,
    kind: "refused",
    asks: [{ call: "ioctl", args: { 1: request }, answers: ["ENOTTY"] }],
    linux: { answer: "ok" },
    consequence,
    probe: { steps: [s.newFile(id), s.call("ioctl", result(0), first, room())] },
    cure: { how: "none", because: "what the file system keeps there is not known" },
    ...more,
  };
}

export const files = about("files", [
  {
    id: "o-tmpfile",
    title: "O_TMPFILE is EISDIR or EOPNOTSUPP",
    kind: "refused",
    asks: [
      { call: "openat", args: { 2: { bits: 0x400000 } } },
      { call: "open", args: { 1: { bits: 0x400000 } } },
    ],
    linux: { answer: "ok" },
    consequence:
      "glibc's tmpfile, Rust's tempfile and systemd take a named file instead; programs without a second way (pam_oath, some databases) fail, the more so as EISDIR is not what they look for",
    remedies: [{ flag: "--overlay2=none", note: "EOPNOTSUPP instead, which programs understand better" }],
    source: [sentry("fsimpl/gofer/filesystem.go", 959), sentry("fsimpl/tmpfs/filesystem.go", 346)],
    reports: [issue(11143)],
    probe: { steps: [s.call("openat", s.CWD, text("/tmp"), 0x410002, 0o600)], anywhere: failed },
    cure: { how: "answer", answer: 'EOPNOTSUPP, which programs take for "make a named file"' },
  },
  {
    id: "fallocate-keep-size",
    title: "fallocate with any mode is EOPNOTSUPP",
    kind: "refused",
    asks: [{ call: "fallocate", args: { 1: { not: [0] } } }],
    linux: { answer: "ok" },
    consequence: "RocksDB, etcd and systemd's journal reserve space so; most go on without",
    remedies: [{ option: "RocksDB: allow_fallocate=false" }],
    source: [sentry(FILE, 1625)],
    reports: [issue(13464)],
    probe: { steps: [s.call("memfd_create", text("f"), 0), s.call("fallocate", result(0), 1, 0, 4096)], anywhere: failed },
    cure: { how: "never", reason: "durability", because: "space that is not reserved must not seem to be" },
  },
  {
    id: "fallocate-punch-hole",
    title: "fallocate cannot punch holes",
    kind: "refused",
    asks: [{ call: "fallocate", args: { 1: { bits: 2 } } }],
    linux: { answer: "ok" },
    consequence: "qemu-img, MySQL's page compression and fallocate -p fail or keep their disk space",
    source: [sentry(FILE, 1625)],
    reports: [issue(13464)],
    probe: { steps: [s.call("memfd_create", text("f"), 0), s.call("fallocate", result(0), 3, 0, 4096)], anywhere: true },
    cure: {
      how: "never",
      reason: "durability",
      because: "the bytes would still be there, where the program means them to be zero",
    },
  },
  {
    id: "seek-hole",
    title: "lseek(SEEK_DATA, SEEK_HOLE) is EINVAL on the overlay and on tmpfs",
    kind: "refused",
    asks: [{ call: "lseek", args: { 2: [3, 4] } }],
    linux: { answer: "0" },
    consequence: "cp --sparse, tar -S and qemu-img copy holes as zeros or say that the file cannot be read",
    remedies: [{ flag: "--overlay2=none" }, { option: "cp --sparse=never" }],
    source: [sentry("fsimpl/gofer/regular_file.go", 626)],
    probe: {
      steps: [s.newFile("seek-hole"), s.must("ftruncate", result(0), 1 << 20), s.call("lseek", result(0), 0, 4)],
      number: true,
    },
    cure: { how: "answer", answer: "the file is one piece of data: SEEK_DATA gives the place itself, SEEK_HOLE the end" },
  },
  fileIoctl(
    "fs-ioc-getflags",
    [0x80086601, 0x40086602],
    "FS_IOC_GETFLAGS and _SETFLAGS",
    "lsattr and chattr fail; systemd-tmpfiles and e2fsprogs complain",
    {
      linux: { answer: "ok" },
    },
  ),
  fileIoctl("fionread-file", 0x541b, "FIONREAD", "Ruby and other runtimes that ask how much is left of a file take another way", {
    cure: { how: "answer", answer: "the file's size less the place in it" },
  }),
  fileIoctl("figetbsz", 2, "FIGETBSZ", "filefrag and programs that ask for the block size stop", {
    cure: { how: "answer", answer: "st_blksize of the file" },
  }),
  {
    id: "rename-whiteout",
    title: "renameat2(RENAME_WHITEOUT) is EINVAL",
    kind: "refused",
    asks: [{ call: "renameat2", args: { 4: { bits: 4 } } }],
    linux: { answer: "ok" },
    consequence: "fuse-overlayfs and other union file systems inside the sandbox cannot remove what lies below",
    probe: {
      steps: [s.newFile("whiteout-1"), s.call("renameat2", s.CWD, text("whiteout-1"), s.CWD, text("whiteout-2"), 4)],
    },
    cure: { how: "none", because: "no whiteout would be there" },
  },
  {
    id: "rename-exchange",
    title: "renameat2(RENAME_EXCHANGE) came in 2026",
    kind: "refused",
    asks: [{ call: "renameat2", args: { 4: { bits: 2 } } }],
    linux: { answer: "ok" },
    consequence:
      "Package managers and deployers that swap two directories at once (ostree, some Python tools) fail or rename twice",
    probe: {
      steps: [
        s.newFile("exchange-1"),
        s.newFile("exchange-2"),
        s.call("renameat2", s.CWD, text("exchange-1"), s.CWD, text("exchange-2"), 2),
      ],
      anywhere: ({ value }) => value === -22n || value === -38n,
    },
    cure: { how: "none", because: "nothing would be exchanged" },
  },
  {
    id: "mknod-whiteout",
    title: "mknod of the device 0:0 is EPERM",
    kind: "refused",
    asks: [
      { call: "mknod", args: { 2: 0 }, answers: ["EPERM"] },
      { call: "mknodat", args: { 3: 0 }, answers: ["EPERM"] },
    ],
    linux: { answer: "ok" },
    consequence: "Docker's overlay2 and fuse-overlayfs inside the sandbox cannot mark a file as removed",
    remedies: [{ flag: "--overlay2=none" }, { option: "storage driver vfs" }],
    probe: { steps: [s.call("mknod", text("whiteout"), 0o20600, 0)] },
    cure: { how: "none", because: "no whiteout would be there" },
  },
  {
    id: "xattr-security",
    title: "extended attributes in security.* are EOPNOTSUPP",
    kind: "refused",
    asks: [{ call: ["setxattr", "lsetxattr", "fsetxattr"], args: { 1: "security.*" }, answers: ["EOPNOTSUPP"] }],
    linux: { answer: "ok" },
    consequence: "tar --xattrs, rsync -X and image builders (BuildKit, Podman) lose security.* attributes or stop",
    probe: { steps: [s.newFile("xattr"), s.call("fsetxattr", result(0), text("security.sandfit"), text("x"), 1, 0)] },
    cure: { how: "never", reason: "security", because: "rights hang on these attributes" },
  },
  {
    id: "text-busy",
    title: "a program that runs can be written to",
    kind: "silent",
    asks: [],
    linux: { answer: "ETXTBSY" },
    consequence:
      'Programs that update themselves and tests that look for "text file busy" see another world: what Linux refuses is done, also to a program that is running',
    probe: { steps: [s.call("openat", s.CWD, text("probe"), 1)] },
    cure: { how: "none", because: "whether a file is running is not seen in the call" },
  },
  {
    id: "read-nowait",
    title: "preadv2 with RWF_NOWAIT is EOPNOTSUPP",
    kind: "refused",
    asks: [{ call: ["preadv2", "pwritev2"], args: { 5: { bits: 0xfffffff8 } } }],
    linux: { answer: "ok", documented: true },
    consequence: "Databases (ScyllaDB, ClickHouse, Samba) that read only what is in memory give the read to a thread instead",
    source: [sentry("syscalls/linux/sys_read_write.go")],
    probe: {
      steps: [
        s.newFile("nowait"),
        s.must("pwrite64", result(0), text("abc"), 3, 0),
        s.call("preadv2", result(0), words(room(), 3), 1, 0, 0, 8),
      ],
    },
    cure: { how: "answer", answer: "EAGAIN: not in memory" },
  },
  {
    id: "name-to-handle",
    title: "name_to_handle_at is EOPNOTSUPP",
    kind: "missing",
    asks: [{ call: ["name_to_handle_at", "open_by_handle_at"] }],
    linux: { answer: "ok" },
    consequence: "systemd, Podman and NFS servers (Ganesha) tell mounts and files apart by other means, or stop",
    source: [sentry("syscalls/linux/linux64.go", 348)],
    probe: { steps: [s.call("name_to_handle_at", s.CWD, text("/"), words(128, ...new Array<number>(17).fill(0)), room(), 0)] },
    cure: { how: "none", because: "a handle would open nothing" },
  },
  {
    id: "copy-file-range",
    title: "copy_file_range came in 2026",
    kind: "missing",
    asks: [{ call: "copy_file_range" }],
    linux: { answer: "EBADF" },
    consequence: "cp, Go and Rust copy by reading and writing; older programs without a second way fail",
    probe: { steps: [s.call("copy_file_range", -1, 0, -1, 0, 1, 0)], anywhere: missing },
    cure: { how: "answer", answer: 'EXDEV, which programs take for "copy by reading and writing"' },
  },
  {
    id: "fanotify",
    title: "there is no fanotify",
    kind: "missing",
    asks: [{ call: ["fanotify_init", "fanotify_mark"] }],
    linux: { answer: "ok" },
    consequence:
      "Virus scanners (clamonacc), fatrace, Falco and systemd-homed cannot watch files; inotify works, for changes made in the sandbox",
    source: [sentry("syscalls/linux/linux64.go", 345)],
    probe: { steps: [s.call("fanotify_init", 0, 0)], anywhere: missing },
    cure: { how: "never", reason: "security", because: "who watches for intruders must know that nothing is seen" },
  },
]);
