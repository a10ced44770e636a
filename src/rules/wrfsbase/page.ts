/** The page of wrfsbase. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It sets the base of `%fs` by the instruction `wrfsbase` instead of `arch_prctl(ARCH_SET_FS)`, as libraries of light " +
    "threads do when they switch.\n\n" +
    "gVisor's ptrace platform restores the base that it knows of at every system call, so what was set is lost and the " +
    "first access to thread state after that reads elsewhere or crashes. systrap reads the base back and keeps it; kvm " +
    "does by its source.",
  known:
    "`f3 REX.W 0f ae /2` with a register, reached from the entry point (in a library: from an export). Elsewhere it is " +
    "left alone: code for kernel mode, such as gVisor's own, has it and never runs it as a program.",
  remedy:
    "Use `arch_prctl(ARCH_SET_FS)`, or gVisor's systrap platform. An edit cannot make a system call out of five bytes. " +
    "Under `qemu-x86_64-static` (qemu's user mode) it runs, a loop some seven times slower.",
  evidence:
    "`wrfsbase` in `test/fixtures/programs`: SIGSEGV on ptrace of 2022-12, 2024-07 and 2026-09, right output on systrap of " +
    "2024-07 and 2026-09, and under qemu 7.2 everywhere (`test/proof/emulated.test.ts`). kvm was not run.",
};
