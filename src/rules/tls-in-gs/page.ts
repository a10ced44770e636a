/** The page of tls-in-gs. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It keeps its thread pointer in `%gs`: `arch_prctl(ARCH_SET_GS, tib)` at start and in every new thread, then " +
    "`mov %gs:0x30,%rax`. Cosmopolitan Libc did so on Linux from v3.3 (February 2024) to v4.0.2 (January 2025); " +
    "before and after that it uses `%fs`, as everybody else does.\n\n" +
    "Under ptrace the `%gs` base is then 0: SIGSEGV at the first access, no output. Under systrap `%gs` points to " +
    "gVisor's own memory: the program works on that and dies later, sometimes after its whole right output, " +
    "sometimes with exit code 0 and wrong output. Under kvm the base is not kept. Output alone proves nothing here; " +
    "compare exit code, signal and output, on more than one platform. Assimilating an APE does not cause it and does " +
    "not cure it.",
  known:
    "ARCH_SET_GS (0x1001) reaches `arch_prctl` on Linux's path, thread state is read through `%gs` there, and " +
    "nothing reads it through `%fs`. An unrelated 0x1001 (`malloc(4097)`), the guarded accesses of v3.2.x and the " +
    "macOS branches of the current source do not count, nor do the letters `e` of the text beside the code.",
  remedy:
    "`sandfit fix`. The prefix 0x65 becomes 0x64 and ARCH_SET_GS becomes ARCH_SET_FS, all or nothing:\n\n" +
    "```\n" +
    "65 48 8b 04 25 30 00 00 00   mov %gs:0x30,%rax      →   64 48 8b 04 25 30 00 00 00   mov %fs:0x30,%rax\n" +
    "65 48 8b 00                  mov %gs:(%rax),%rax    →   64 48 8b 00                  mov %fs:(%rax),%rax\n" +
    "bf 01 10 00 00               mov $0x1001,%edi       →   bf 02 10 00 00               mov $0x1002,%edi\n" +
    "```\n\n" +
    "That is proven for Cosmopolitan's runtime alone, which is told by its structure: an entry point that stores the system it runs on, one stub that " +
    "takes the number of `arch_prctl` from memory, code for the other systems. A program that is made otherwise is refused, with what could not be " +
    "shown; `--allow unknown-runtime` converts it all the same, and says in the plan that nothing proves that it does not read its own code.\n\n" +
    "For every program the move has to be all that concerns the two registers on Linux's path. It is refused where something calls ARCH_SET_FS or " +
    "ARCH_GET_FS, uses `%fs` in any form, reads or writes a base (`rdfsbase` and its kind), loads a selector, or calls modify_ldt or set_thread_area; where the " +
    "constant's register is looked at again; and where the symbol table calls the place an object. Of an unknown runtime each system call's number has to be known " +
    "too, `clone` must not have CLONE_SETTLS, nothing may make code while it runs, and each edit has to be reached without passing what ends the program: " +
    "data behind `exit`, behind a call that never returns or behind a branch that is never taken is data.\n\n" +
    "Accesses that only Windows or another system reaches stay as they are. `wrgsbase` is no way out: it kills the " +
    "process on systrap.",
  evidence:
    "`test/proof/unsound.test.ts` has programs that were once converted and must not be, and `test/proof/random-programs.test.ts` runs programs put together at random before and after. " +
    "`test/proof/fix.test.ts` runs original and result of every sample program on each release and platform. Real " +
    "programs (lua, make, curl, zip, unzip, redbean, sqlite3, python of ten releases) do the same through " +
    "`SANDFIT_CORPUS`, with `--strace` too, whose way to thread state is one of its own. " +
    "Unmodified, sqlite3 of v3.3 answered a query and ended with 0 under systrap, and died of SIGSEGV under ptrace: one " +
    "good run proves nothing there.\n\n" +
    "Cosmopolitan's side: libc/runtime/set_tls.c (v3.3 to v4.0.2), commit 5ddb5c2 (back to `%fs`).",
};
