/** The page of cosmo-dlopen. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It links `cosmo_dlopen()`, which loads libraries of the host, and with them the host's C library, into a " +
    "Cosmopolitan process. That library keeps its thread state behind `%fs`.\n\n" +
    "- **v3.3 to v4.0.2** keep their own in `%gs`: as built they work on plain Linux and die in gVisor of `tls-in-gs`. " +
    "Moved to `%fs`, both want the same register: of 14 uses tried after the move, strtod, snprintf of a float, " +
    "strerror, dlerror, localtime_r, pthread_create and the C++ exception globals of the host crashed, ctype and fork " +
    "gave wrong values; on plain Linux too.\n" +
    "- **v3.2.2 to v3.2.4** begin in `%fs`, and a constructor (`dlopen_init`) moves them to `%gs` at start. They die in " +
    "gVisor, on systrap sometimes after wrong output.\n" +
    "- **The source after v4.0.2** uses `%fs` by design and breaks in the same ways once it has loaded a library, on plain " +
    "Linux too (jart/cosmopolitan#1478). Where there is no C compiler it cannot load one.\n" +
    "- **v3.1 to v3.2.1** exchange the thread pointer around every call of the host's library: no finding.",
  known:
    'The text "dlopen-helper" is in the program, which only that code has. The place that decides is proven by its ' +
    "whole structure, without symbols: four calls of `cosmo_once()` (or one, where the compiler did not inline) with the " +
    "same function and object, each followed by a look at the object's flag and by the message \"dlopen() isn't supported " +
    'on this platform", which the program has once; a function that does nothing but call another, which sets that flag; ' +
    "and nothing else that calls it, points to it or runs on into it. Every such program has other functions that are called once, " +
    "which differ in one of these. Of v3.2.2 to v3.2.4 the constructor besides: listed as one, a question about " +
    "Linux and FreeBSD, then the read of `%fs:0`, the call that sets `__tls_morphed` and the one that asks for it.",
  remedy:
    "`sandfit fix` moves thread state to `%fs` and makes cosmo_dlopen answer \"dlopen() isn't supported on this " +
    'platform", by one byte; of v3.2.2 to v3.2.4 by a second one:\n\n' +
    "| bytes | instruction | what it does |\n|---|---|---|\n" +
    "| 55 → c3; 48 or e9 → c3 without frame pointers | push %rbp, sub or jmp → ret | the function that sets cosmo_dlopen up returns at once |\n" +
    "| 21 → 20 | testb $0x21,__hostos → testb $0x20,__hostos | the move to %gs at start leaves Linux out |\n\n" +
    "That is the runtime's own answer on a machine without a C compiler, which it needs to get at the host's library, " +
    "so programs that load libraries meet it every day. cosmo_dlopen and cosmo_dlsym give NULL, cosmo_dlclose -1.\n\n" +
    "**Lost:** GPU (CUDA, ROCm, Vulkan), sound, windows, plugins. **Kept:** all else. llamafile then computes on the CPU: with " +
    "`--gpu auto`, its default, it says that no GPU was found and goes on; `--gpu nvidia` or `--gpu amd` by name is a fatal " +
    "error; where nvcc or hipcc is installed it compiles a module first and then cannot load it, which `--gpu disable` saves " +
    "(read in the source of 0.9.3, not run).\n\n" +
    "`--keep-dlopen` (or `--allow cosmo-dlopen`, its older name) leaves cosmo_dlopen as it is: for programs that load no library of " +
    "the host, or only simple ones (libm, libz) that need no thread state. `check` then says that it may fail, on plain Linux too.\n\n" +
    "Where the place is not proven, `fix` refuses what would have to move to `%fs`, and offers the same option.\n\n" +
    "With `--as ape` other systems load the same byte: FreeBSD and NetBSD lose cosmo_dlopen too; Windows and macOS on ARM " +
    "keep it, since they never ask that function, and OpenBSD and macOS on x86-64 never had it. The constructor's byte " +
    "concerns Linux alone.",
  evidence:
    "`gs-dlopen-inlined`, `gs-dlopen-jump`, `gs-dlopen-alone`, `gs-dlopen-alone-jump`, `gs-dlopen-calls`, `ape-gs-dlopen`, `fs-dlopen`, " +
    "`fs-dlopen-start` and `fs-dlopen-start-plain` in `test/fixtures/programs` are run as they are and fixed, three " +
    "of them with cosmo_dlopen kept as well, on plain Linux and in every sandbox; `gs-dlopen`, `fs-turned-gs` and the programs of " +
    "`test/proof/cosmo-dlopen.test.ts` are refused. Real programs of v3.2.4 and v3.3, built with GCC 12, which open " +
    "libraries, use threads, fork, floats and time: they died in every sandbox, and did all of it fixed, as ELF and as APE. So did the " +
    "fixed ELFs of v3.3 with dlopen.c at -O0, -O1, -Os, and -O3 without frame pointers. One of v3.2.1 ran in every sandbox as " +
    "built, libraries and all. No llamafile was run, no program of v4.0.2 or later, nor FreeBSD.",
  unprobed:
    "No probe tries it: what breaks depends on the host's C library and on what the program does with it, not on the sandbox.",
};
