/** The page of jump-to-syscall. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "Two calls share one `syscall` instruction: the first comes from the `mov $N,%eax` in front of it, the second jumps to " +
    "it with its own number in %eax. Compilers join the ends of functions so.\n\n" +
    "The systrap platform writes a jump over `mov $N,%eax; syscall` once N was called. The second way then arrives in the " +
    "middle of it, at a byte that is no instruction. gVisor takes that for a race with its own rewriting and starts again " +
    "at the jump, so N is called, without an error (HandleFault in usertrap_amd64.go). In our run the wrong call was made " +
    "19 times of 20.",
  known:
    "A direct jump or call to the `0f 05` of `b8 NN NN 00 00 0f 05` within 32 KiB; then the walk has to know both on " +
    "Linux's way, with another or an unknown number in %eax. Where that number is none of Linux's (macOS's begin at " +
    "0x1000000) it is only mentioned; Cosmopolitan's branches for macOS are not on Linux's way at all.",
  remedy:
    "`sandfit fix` replaces `b8 NN 00 00 00 0f 05` by `31 c0 b0 NN 90 0f 05` (xor %eax,%eax; mov $NN,%al; nop; syscall): " +
    "the same length, the `syscall` at the same place, and a form that systrap does not rewrite. That needs a number below " +
    "256, and that nothing looks at the flags behind the call. The call is slower then, as every one that is not rewritten. Where that cannot be " +
    "done, `qemu-x86_64-static PROGRAM` (qemu's user mode) runs it, a loop some seven times slower.",
  evidence:
    "`jump-to-syscall` in `test/fixtures/programs`: the wrong call on systrap of 2024-07 and 2026-09, the right one on " +
    "ptrace; right everywhere after the fix, and under qemu 7.2 (`test/proof/emulated.test.ts`). Over all ELF files of a Debian 12 installation: none. One of some 250 public " +
    "Cosmopolitan programs has it: in the make of 2022 (blob ce4a3b23) pledge() joins getpid and gettid so.",
};
