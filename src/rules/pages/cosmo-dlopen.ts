/** The page of cosmo-dlopen. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It links `cosmo_dlopen()`, which loads libraries of the host, and with them the host's C library, into a " +
    "Cosmopolitan process. That library keeps its thread state behind `%fs`.\n\n" +
    "As built (thread state in `%gs`), such a program works on plain Linux and dies in gVisor. Moved to `%fs`, both " +
    "want the same register: of 14 uses tried after the move, strtod, snprintf of a float, strerror, dlerror, " +
    "localtime_r, pthread_create and the C++ exception globals of the host crashed, ctype and fork gave wrong " +
    "values; on plain Linux too. The current source uses `%fs` by design and fails in the same ways " +
    "(jart/cosmopolitan#1478).\n\n" +
    "v3.2.2 to v3.2.4 with `cosmo_dlopen` rewrite their own code to `%gs` at start and then fail in gVisor as " +
    "tls-in-gs does; no edit of the file can help there.",
  known: 'The message "dlopen-helper" is in the program\'s data, which only that code prints.',
  remedy:
    "`sandfit fix` refuses, unless asked for by name: `--allow cosmo-dlopen`. That serves programs that never load a " +
    "host library, or only simple ones (libm, libz).",
  evidence:
    "`gs-dlopen` and `fs-turned-gs` in `test/fixtures/programs`; real builds of v3.2.4, v3.3 and v4.0.2 through " +
    "`SANDFIT_CORPUS` (refused there).",
  unprobed:
    "No probe tries it: what breaks depends on the host's C library and on what the program does with it, not on the sandbox.",
};
