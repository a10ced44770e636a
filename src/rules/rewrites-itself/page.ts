/** The page of rewrites-itself. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "Every program of Cosmopolitan v3.3 to v4.0.2 carries `__morph_tls`, which turns `mov %gs:0x30,%r64` into " +
    "`mov %fs:0x30,%r64` all over the program when it starts on NetBSD or OpenBSD. `sandfit fix --as ape` lets it do " +
    "so on Linux too, so that the file stays one for all systems.",
  known:
    "The three classes of host tests and constants are found by structure and all have their Linux bit. Where some have " +
    "it and others do not, the file is half repaired: that is reported as tls-in-gs, with what is missing.",
  remedy:
    "In gVisor nothing. Where a policy forbids writable code, `sandfit fix` turns it into an ELF that has its thread " +
    "state in `%fs` from the start: `65 48 8b 04 25 30 00 00 00` becomes `64 …`, and `83 e4 55` in front of the rewriter " +
    "becomes `83 e4 54` again.\n\n" +
    "When to ship which of the two: docs/portable-ape.md.",
  evidence:
    "The `ape-gs…` programs in `test/fixtures/programs`, repaired so and run in every release and platform and under " +
    "PR_SET_MDWE (`test/proof/portable.test.ts`); GNU Make 4.4.1 and other programs of Cosmopolitan's own build through SANDFIT_CORPUS. " +
    "SELinux and systemd were not run.",
  unprobed:
    "No probe tries it: gVisor lets code be written to, and `sandfit probe` is about gVisor. Under PR_SET_MDWE the program itself shows it.",
};
