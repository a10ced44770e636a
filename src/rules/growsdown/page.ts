/** The page of growsdown. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It maps memory with MAP_GROWSDOWN, mostly a stack for a thread or coroutine, and relies on the kernel to add pages " +
    "below when they are touched. (Cosmopolitan's thread stacks are [stack-growsdown](stack-growsdown.md), which can be " +
    "repaired.)\n\n" +
    'gVisor accepts the flag and never grows the mapping (pkg/sentry/mm/vma.go: "TODO: Implement vma.growsDown here"). The ' +
    "main thread's stack is not concerned: it is mapped whole.",
  known:
    "A constant with MAP_GROWSDOWN (0x100) and MAP_PRIVATE arrives as the flags of `mmap`, at a `syscall` with 9 in %rax " +
    'or at a call of the imported function. How far the memory has to grow is not in the file, so it is "may fail". ' +
    "Memory that goes straight on to `sigaltstack` is left out: the kernel is told its size, so it need not grow. kj, the library of Cap'n Proto, " +
    "does that, and with it Cloudflare's workerd.",
  remedy: "Map the whole size at once, with a guard page below. The length is the program's, so no edit can know it.",
  evidence: "`growsdown` in `test/fixtures/programs`: SIGSEGV on every release and platform. kvm was not run.",
};
