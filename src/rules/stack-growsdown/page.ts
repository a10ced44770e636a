/** The page of stack-growsdown. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It maps one page with MAP_GROWSDOWN and relies on the kernel to extend it downward. Cosmopolitan allocates " +
    "thread stacks so in v3.3 to v3.4.0 (inside `mmap()` for MAP_STACK) and from v4.0.0 to the current source " +
    "(`cosmo_stack_alloc`), on x86-64 and aarch64. v3.5.0 to v3.9.7 do not, v3.2.x not by default.\n\n" +
    "From May 2022 to August 2023 (v2.0 to v2.2) it puts the main thread on such a stack as well (libc/runtime/cosmo.S): redbean 2.0 to 2.2, make " +
    "and pledge of that time. There `--version` may still work, since a page is enough for it, and the first real task dies.",
  known:
    "The flag is in a constant on Linux's path that leads to the mapping, and something asks for such a stack: a " +
    "program that merely links `mmap()` is not reported. The probe that Cosmopolitan makes at address 1 to recognise " +
    "WSL is not meant either.",
  remedy:
    "`sandfit fix` makes one conditional jump unconditional, so that the program maps the whole stack at once, as it " +
    "does on other systems:\n\n" +
    "```\n" +
    "v4.0.0 and later   85 c0 0f 85 rel32   test %eax,%eax; jne whole   →   85 c0 90 e9 rel32   … jmp whole\n" +
    "v3.3 to v3.4.0     a8 01 0f 84 rel32   test $1,%al; je whole       →   a8 01 90 e9 rel32   … jmp whole\n" +
    "v2.0 to v2.2       0f 85 rel32         jne growing                 →   66 0f 1f 44 00 00   nop\n" +
    "aarch64            cbnz w0, whole                                  →   b whole\n" +
    "                   tbnz w0, #0, growing                            →   nop\n" +
    "```\n\n" +
    "Without a fix, `ulimit -Ss 64` before starting helps programs of v4.0.2. Other programs that ask for MAP_GROWSDOWN " +
    "are [growsdown](growsdown.md).",
  evidence:
    "`gs-stack-a`, `gs-stack-b`, `gs-stack-b-inlined`, `fs-stack-b` and `fs-main-stack` in `test/fixtures/programs`, run by " +
    "`test/proof`; real programs with deep stacks through `SANDFIT_CORPUS`: C and C++ with exceptions, CPython with stacks of 16 MiB, " +
    "redbean of v4.0.2, and redbean 2, make, mkdeps and QuickJS of 2022 as public repositories have them. The aarch64 edit was run in " +
    "qemu-user. kvm and arm64 are from gVisor's source.\n\n" +
    "Of 61 of Cosmopolitan v4.0.2's own tests about threads, signals and processes none runs unmodified on any release and platform, " +
    "51 do with thread state moved alone, 57 with whole stacks as well. The other four start a program that was not fixed (two), or ask " +
    "for what gVisor does otherwise for everybody: AT_MINSIGSTKSZ, and a timeout of a socket beside SA_RESTART. (The release of 2022 " +
    "fails one more, which names a thread.)\n\n" +
    "Cosmopolitan's side: libc/intrin/stack.c (v4.0.2), libc/runtime/mmap.c (v3.3), libc/runtime/cosmo.S (2.2).",
};
