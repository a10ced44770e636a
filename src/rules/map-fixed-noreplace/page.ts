/** The page of map-fixed-noreplace. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It asks `mmap` for an address with MAP_FIXED_NOREPLACE, which on Linux since 4.17 gives EEXIST where something is " +
    "mapped there: qemu, Java's ZGC, allocators.\n\n" +
    "gVisor before 6 August 2026 does not know the flag and takes the address for a hint, as Linux before 4.17 did: where " +
    "it is in use the mapping is made elsewhere and the call succeeds. The manual tells programs to compare the result " +
    "with the address for that reason, and those that were looked at do.",
  known:
    "A constant with MAP_FIXED_NOREPLACE (0x100000) arrives as the flags of `mmap`. It is only mentioned, and only for a " +
    'release before that day (`--target 2024-07`): the verdict stays "runs", since programs that compare do not mind.',
  remedy: "Nothing where the program compares; else a gVisor of August 2026 or later.",
  evidence:
    "`map-fixed-noreplace` in `test/fixtures/programs`, which does not compare: no EEXIST on 2022-12 and 2024-07, EEXIST on " +
    "2026-09.",
};
