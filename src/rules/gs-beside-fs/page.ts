/** The page of gs-beside-fs. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It needs two segment registers at once: `%fs` for the C library's thread pointer, `%gs` for a base of its own. " +
    "Known cases, told by a text that only they carry:\n\n" +
    "| case | program | `%gs` holds | what works instead |\n" +
    "|---|---|---|---|\n" +
    "| segue | Firefox from 136 (google/gvisor#11567), other programs with wasm2c's segue | the memory of sandboxed WebAssembly | " +
    "Firefox ESR 128, up to 135, or Chromium; on ptrace a preload whose getauxval(AT_HWCAP2) adds 2 (FSGSBASE) was seen to work, " +
    "since the program uses wrgsbase then |\n" +
    "| wine | Wine, 64-bit | the Windows thread block | qemu-user in the place of Wine's preloader, see below; on ptrace a preload that makes " +
    "wrgsbase of ARCH_SET_GS and fills in the trap number of signal frames was seen to work as well |\n" +
    "| sql-server | Microsoft SQL Server (google/gvisor#11112) | its thread state | outside gVisor |\n\n" +
    "With `wrgsbase` alone, and no ARCH_SET_GS, the finding is [wrgsbase](wrgsbase.md).",
  known:
    "ARCH_SET_GS reaches `arch_prctl` (directly, through `syscall(158, …)` or the imported wrapper), there are accesses " +
    "through `%gs`, and `%fs` is in use: by the program itself or by the libraries that share its process. An access through `%gs` on Linux's path in a " +
    "Cosmopolitan program whose thread state is in `%fs`, and which never sets a base of `%gs`, is named too (case no-base): it crashes where it " +
    "runs, on plain Linux as well, so it may fail. Wine and Firefox open such a " +
    "library at start, which no header tells: of a program called wine… that names ntdll.so, that is looked at where Wine's loader finds it, and of one " +
    "that names dependentlibs.list, the last library of the list beside it.",
  remedy:
    "Swapping registers cannot help, so Sandfit converts nothing and says so. A library with such code only fails " +
    'the programs that call that part of it: "may fail". Where it is one program that starts no other of the kind, `qemu-x86_64-static PROGRAM` ' +
    "(qemu's user mode) runs it in gVisor: qemu keeps both registers itself. A loop takes some seven times as long, and what the program starts " +
    "in turn runs without qemu.\n\n" +
    "Wine starts each Windows process through a program `wine64-preloader` beside its own, where there is one. A script of two lines in that place " +
    "puts qemu in front of all of them. A copy of Wine's four programs does, and needs no root; Debian 12's Wine 8, from `wine64`:\n\n" +
    "```sh\n" +
    "mkdir -p wine/lib/x86_64-linux-gnu wine/share\n" +
    "cp -r /usr/lib/wine wine/lib/\n" +
    "ln -s /usr/lib/x86_64-linux-gnu/wine wine/lib/x86_64-linux-gnu/\n" +
    "ln -s /usr/share/wine wine/share/\n" +
    "printf '#!/bin/sh\\nexec qemu-x86_64-static \"$@\"\\n' > wine/lib/wine/wine64-preloader\n" +
    "chmod +x wine/lib/wine/wine64-preloader\n" +
    "wine/lib/wine/wine64 cmd /c echo hello\n" +
    "```",
  evidence:
    "`dual-register` in `test/fixtures/programs`, run on every release and platform, where it fails, and under qemu 7.2, where it does not " +
    "(`test/proof/emulated.test.ts`). Wine 8 of Debian 12 with qemu in its preloader's place runs cmd on every release and platform, and printed " +
    "nothing without (`test/proof/wine.test.ts`); ninja 1.13.2 for Windows and the Windows view of a Cosmopolitan lua ran in it on 2024-07 and 2026-09. " +
    "Firefox ESR 153 of Debian 12 died at once on systrap and ptrace of 2024-07 and on systrap of 2026-09. Firefox and SQL Server under qemu in " +
    "gVisor: not run here.",
};
