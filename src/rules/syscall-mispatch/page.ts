/** The page of syscall-mispatch. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "In front of a `syscall` stands an instruction whose last five bytes are `b8` and the number of the call that is made, " +
    "such as `movl $110,-0x48(%rsp)` (`c7 44 24 b8 6e 00 00 00`) or `mov $110,%r8d` (`41 b8 6e 00 00 00`). Compilers do so " +
    "rarely, when they save the number of a call beside making it.\n\n" +
    "The systrap platform takes these bytes for `mov $110,%eax` and, once the call was made, writes a jump over them and " +
    "the `syscall`. What remains of the other instruction takes the jump's bytes for its operands. The first call is " +
    "right; from the second on the program computes with wrong values, or overwrites its stack.",
  known:
    "`b8 NN NN 00 00 0f 05` where decoding from before arrives at the `0f 05` and not at the `b8`; then the walk has to " +
    "know the `syscall` and the other instruction, and N has to be a number that can be in %eax there: with another one " +
    "gVisor rewrites nothing (tried).",
  remedy:
    "`sandfit fix` changes the order of the instructions between the real `mov $N,%eax` and the `syscall`, so that the `mov` " +
    "comes last and the rewriting hits what it means. That is done where at most six instructions stand between that have " +
    "nothing to do with %rax, the stack pointer or their own address, and nothing jumps in between. Elsewhere: the ptrace " +
    "platform, or `--systrap-disable-syscall-patching` for whoever runs runsc.",
  evidence:
    "`syscall-mispatch` and `syscall-mispatch-r8` in `test/fixtures/programs`: wrong sums on systrap of 2024-07 and " +
    "2026-09, right ones on ptrace; right everywhere after the fix. Over all ELF files of a Debian 12 installation: none.",
};
