/** The page of wrgsbase. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It sets the base of `%gs` by the instruction `wrgsbase`, and never by `arch_prctl(ARCH_SET_GS)` (then the finding is " +
    "gs-beside-fs or tls-in-gs).\n\n" +
    "On systrap `%gs` belongs to gVisor while the program runs. Rewritten system calls save the stack pointer behind it, " +
    "which then is the program's memory: SIGSEGV at the second call of the same place. Without rewriting, the base stays " +
    "with gVisor's thread, not with the program's: of 24,000 looks in eight threads 23,299 saw another thread's base. " +
    "ptrace keeps it exactly. kvm saves it by its source, and was reported to lose it (google/gvisor#2010).",
  known:
    "`f3 REX.W 0f ae /3` with a register, reached from the entry point (in a library: from an export). Elsewhere it is " +
    "left alone: gVisor's own runsc has it for kernel mode.",
  remedy:
    "gVisor's ptrace platform, or a build without `%gs`. Accesses through `%gs` would have to move to memory behind `%fs`, " +
    "which takes more than edits of the same length. Under `qemu-x86_64-static` (qemu's user mode) it runs, a loop some seven times slower.",
  evidence:
    "`wrgsbase` in `test/fixtures/programs`: SIGSEGV on systrap of 2024-07 and 2026-09, right output on ptrace of all three " +
    "releases; under qemu 7.2 everywhere (`test/proof/emulated.test.ts`). kvm was not run.",
};
