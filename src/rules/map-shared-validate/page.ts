/** The page of map-shared-validate. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It maps a file with MAP_SHARED_VALIDATE (3), which is MAP_SHARED (1) that refuses flags that it does not know: " +
    "libraries for persistent memory, with MAP_SYNC beside it; Java's FileChannel for such files.\n\n" +
    "gVisor tests the bits of MAP_SHARED and MAP_PRIVATE (2) apart and answers EINVAL where both are set (sys_mmap.go). " +
    "What follows is the program's own; many map again with MAP_SHARED.",
  known:
    "The constant arrives as the flags of `mmap`: in %r10 at a `syscall` with 9 in %rax, or in %ecx at a call of the " +
    "imported function. With MAP_SYNC it is only mentioned: ordinary files refuse that on plain Linux as well, as it refuses the flag for anonymous memory and with MAP_FIXED_NOREPLACE.",
  remedy:
    "`sandfit fix` changes the immediate from 3 to 1 where it serves as the flags of that call and as nothing else, and " +
    "plain Linux takes it: not with MAP_SYNC, MAP_ANONYMOUS or MAP_FIXED_NOREPLACE, where MAP_SHARED would succeed and the program expects an error. Both map the same else.",
  evidence:
    "`map-shared-validate` in `test/fixtures/programs`: EINVAL on every release and platform, mapped everywhere after the " +
    "fix. In a Debian 12 installation: OpenJDK's libnio.so, with MAP_SYNC.",
};
