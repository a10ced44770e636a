/** The page of int80. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It calls the kernel by `int $0x80`, the way of 32-bit programs, from 64-bit code: programs written along 32-bit " +
    "lessons, some loaders and tests.\n\n" +
    "Linux takes the number for that of the 32-bit table. gVisor has no such table. On systrap the answer is ENOSYS; on " +
    "ptrace the 64-bit call of the same number is made with the 64-bit arguments, so 20 is writev instead of getpid; on " +
    "kvm, by gVisor's own test, SIGSEGV.",
  known:
    "`cd 80` where code is, and where decoding from before arrives; then the walk has to reach it on Linux's way. Reached " +
    'from the entry point of a program: "will not run". In functions that are only known by their name or unwind data, ' +
    'and in libraries: "may fail", since nothing may call them.',
  remedy: "Use `syscall` with the 64-bit numbers and registers. No edit of two bytes can do that.",
  evidence: "`int80` in `test/fixtures/programs`: getpid is wrong on systrap and ptrace of every release. kvm was not run.",
};
