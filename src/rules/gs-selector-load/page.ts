/** The page of gs-selector-load. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It loads a selector into `%gs`: `mov %eax,%gs`, `pop %gs` or `lgs`. Start-up code that was taken over from 32-bit " +
    "programs or from a kernel does so, mostly with 0.\n\n" +
    "On systrap, gVisor's own thread state lies behind `%gs` while the program runs. A load of any selector replaces the " +
    "base by that of the selector, which is 0 for the usual ones. The next system call that was rewritten goes through " +
    "`%gs` and dies with SIGSEGV. Seen as well: programs that the same sandbox starts later die (six of six). On ptrace " +
    "the program goes on; `%gs` reads 0 after the next system call, whatever was loaded.",
  known:
    "The bytes `8e /5`, `0f a9` or `0f b5 /r` stand where code is, decoding from before arrives there, and the walk " +
    "reaches the instruction on a way that Linux takes. Cosmopolitan's `mov %eax,%gs` for bare metal is not on that way.",
  remedy:
    "Where every load is a `mov` of 0 and nothing else uses or sets `%gs`, the load does nothing on plain Linux either: " +
    "`sandfit fix` replaces `8e e8` by `66 90`. `pop %gs` moves the stack and `lgs` loads a second register, so those are " +
    "explained only. Otherwise: gVisor's ptrace platform, a build without it, or `qemu-x86_64-static PROGRAM` (qemu's user mode), a loop some " +
    "seven times slower.",
  evidence:
    "`gs-selector`, `gs-selector-null`, `gs-selector-pop` and `gs-selector-lgs` in `test/fixtures/programs`: SIGSEGV on " +
    "systrap of 2024-07 and 2026-09, right output on ptrace of all three releases; `gs-selector-null` runs everywhere " +
    "after the fix, and all of them under qemu 7.2 (`test/proof/emulated.test.ts`). kvm was not run.",
};
