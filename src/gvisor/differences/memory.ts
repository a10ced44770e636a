/** Memory: mmap, madvise, mremap, memfd, and what gVisor says of pages. */

import { failed, missing, result, room, type Step, text } from "../../asm/small-test.js";
import { about, type Draft, sentry } from "./define.js";
import * as s from "./steps.js";

/** Four pages of private memory. */
const pages: Step = s.call("mmap", 0, 0x4000, 3, 0x22, -1, 0);

function madvise(id: string, advice: number, name: string, consequence: string, more: Partial<Draft> = {}): Draft {
  return {
    id,
    title: `madvise(${name}) is EINVAL`,
    kind: "refused",
    asks: [{ call: "madvise", args: { 2: advice } }],
    linux: { answer: "ok" },
    consequence,
    source: [sentry("syscalls/linux/sys_mmap.go", 218)],
    probe: { steps: [pages, s.call("madvise", result(0), 4096, advice)], anywhere: true },
    cure: { how: "answer", answer: "0: the advice changes no content" },
    ...more,
  };
}

function memfd(id: string, flags: number, name: string, consequence: string, cure: Draft["cure"]): Draft {
  return {
    id,
    title: `memfd_create(${name}) is EINVAL`,
    kind: "refused",
    asks: [{ call: "memfd_create", args: { 1: { bits: flags } } }],
    linux: { answer: "ok", ...(flags > 4 && { since: "6.3" }) },
    consequence,
    source: [sentry("syscalls/linux/sys_file.go", 1691)],
    probe: { steps: [s.call("memfd_create", text("m"), flags)], anywhere: true },
    cure,
  };
}

export const memory = about("memory", [
  {
    id: "mremap-dontunmap",
    title: "mremap(MREMAP_DONTUNMAP) is EINVAL",
    kind: "refused",
    asks: [{ call: "mremap", args: { 3: { bits: 4 } } }],
    linux: { answer: "ok", since: "5.7" },
    consequence: "Garbage collectors that move pages so (Android's runtime) and CRIU take another way or fail",
    probe: { steps: [pages, s.call("mremap", result(0), 4096, 4096, 5, 0)], anywhere: failed },
    cure: { how: "none", because: "the pages would not have moved" },
  },
  madvise("madvise-free", 8, "MADV_FREE", "Go, jemalloc and mimalloc take MADV_DONTNEED instead"),
  {
    ...madvise(
      "madvise-wipeonfork",
      18,
      "MADV_WIPEONFORK",
      "BoringSSL, AWS-LC and OpenSSL keep the state of random numbers so and check the process number instead",
    ),
    cure: { how: "never", reason: "security", because: "a child would draw the same random numbers" },
  },
  madvise(
    "madvise-cold",
    20,
    "MADV_COLD and MADV_PAGEOUT",
    "Programs that tell the kernel what they do not need for now keep that memory",
  ),
  madvise(
    "madvise-populate",
    22,
    "MADV_POPULATE_READ and _WRITE",
    "PostgreSQL, QEMU and JVMs that fill memory in advance do it page by page, or stop",
    {
      asks: [{ call: "madvise", args: { 2: [22, 23] } }],
      linux: { answer: "ok", since: "5.14" },
    },
  ),
  {
    id: "map-hugetlb",
    title: "MAP_HUGETLB succeeds with no huge page to be had",
    kind: "silent",
    asks: [{ call: "mmap", args: { 3: { bits: 0x40000 } }, answers: ["ok"] }],
    linux: { answer: "ENOMEM" },
    consequence: "DPDK and databases with huge pages switched on start, and get ordinary pages: slower, nothing else",
    source: [sentry("syscalls/linux/sys_mmap.go")],
    probe: { steps: [s.call("mmap", 0, 0x200000, 3, 0x40022, -1, 0)] },
    cure: { how: "answer", answer: "ENOMEM" },
  },
  {
    id: "mincore-untouched",
    title: "mincore calls every page resident",
    kind: "value",
    asks: [{ call: "mincore" }],
    linux: { answer: "0" },
    consequence: "vmtouch and programs that fetch what is not in memory (databases, Elasticsearch) take all for loaded",
    source: [sentry("syscalls/linux/sys_mmap.go", 270)],
    probe: { steps: [pages, s.must("mincore", result(0), 4096, room()), { peek: 0, size: 1 }], number: true, anywhere: true },
    cure: { how: "none", because: "which pages are resident is not known inside" },
  },
  {
    id: "high-address",
    title: "addresses from 0x7f0000000000 on cannot be mapped on systrap",
    kind: "refused",
    asks: [{ call: "mmap", args: { 3: { bits: 0x10 } }, answers: ["ENOMEM"] }],
    linux: { answer: "ok" },
    consequence: "Programs with fixed addresses up there (sanitizers of another layout, some loaders) stop at start",
    remedies: [{ flag: "--platform=ptrace" }],
    source: [sentry("platform/systrap/subprocess.go", 64)],
    probe: { steps: [s.call("mmap", 0x7f0000000000n, 4096, 3, 0x32, -1, 0)], anywhere: failed },
    cure: { how: "none", because: "the address belongs to gVisor" },
  },
  memfd("memfd-noexec-seal", 8, "MFD_NOEXEC_SEAL", "runc and systemd ask again without the flag", {
    how: "never",
    reason: "security",
    because: "the seal keeps the file from being executed",
  }),
  memfd("memfd-exec", 16, "MFD_EXEC", "Programs for Linux 6.3 and later that have no second way stop; it is the default", {
    how: "without",
    drop: "MFD_EXEC",
  }),
  memfd("memfd-hugetlb", 4, "MFD_HUGETLB", "QEMU and databases with huge pages from a memfd stop", {
    how: "without",
    drop: "MFD_HUGETLB",
  }),
  {
    id: "memfd-secret",
    title: "there is no memfd_secret",
    kind: "missing",
    asks: [{ call: "memfd_secret" }],
    linux: { answer: "ok", documented: true },
    consequence:
      "Programs that hide keys from the kernel's other parts so (gnupg's and systemd's experiments) keep them in ordinary memory",
    probe: { steps: [s.call("memfd_secret", 0)], anywhere: missing },
    cure: { how: "never", reason: "security", because: "the memory would not be secret" },
  },
  {
    id: "pkey-alloc",
    title: "there are no protection keys",
    kind: "missing",
    asks: [{ call: ["pkey_alloc", "pkey_free", "pkey_mprotect"] }],
    linux: { answer: "ok", documented: true },
    consequence: "V8 and PMDK protect their memory by mprotect, or not at all",
    source: [sentry("syscalls/linux/linux64.go", 377)],
    probe: { steps: [s.call("pkey_alloc", 0, 0)], anywhere: missing },
    cure: { how: "never", reason: "security", because: "nothing would be protected" },
  },
  {
    id: "mseal",
    title: "there is no mseal",
    kind: "missing",
    asks: [{ call: "mseal" }],
    linux: { answer: "ok", since: "6.10" },
    consequence: "glibc 2.42 and Chromium leave mappings unsealed",
    probe: { steps: [s.call("mseal", 0, 0, 0)], anywhere: missing },
    cure: { how: "never", reason: "security", because: "nothing would be sealed" },
  },
  {
    id: "userfaultfd",
    title: "there is no userfaultfd",
    kind: "missing",
    asks: [{ call: "userfaultfd" }],
    linux: { answer: "ok" },
    consequence: "QEMU's post-copy, CRIU's lazy pages, Android's garbage collector and userspace pagers do not work",
    source: [sentry("syscalls/linux/linux64.go", 368)],
    reports: ["https://github.com/google/gvisor/issues/266"],
    probe: { steps: [s.call("userfaultfd", 1)], anywhere: missing },
    cure: { how: "none", because: "no fault would be reported" },
  },
  {
    id: "vmsplice",
    title: "there is no vmsplice",
    kind: "missing",
    asks: [{ call: "vmsplice" }],
    linux: { answer: "EBADF" },
    consequence: "Programs that hand memory to a pipe (fio, stress-ng, some proxies) stop; tee and splice work",
    probe: { steps: [s.call("vmsplice", -1, 0, 0, 0)], anywhere: missing },
    cure: { how: "none", because: "the bytes would not be in the pipe" },
  },
  {
    id: "process-vm-readv",
    title: "process_vm_readv came in 2023",
    kind: "missing",
    asks: [{ call: ["process_vm_readv", "process_vm_writev"] }],
    linux: { answer: "ok" },
    consequence: "Debuggers and MPI libraries (Open MPI's vader) read another process's memory the slow way, or not at all",
    probe: { steps: [s.call("process_vm_readv", 0, 0, 0, 0, 0, 0)], anywhere: missing },
    cure: { how: "none", because: "the bytes would not be there" },
  },
]);
