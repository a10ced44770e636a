/** The page of gs-beside-fs. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "It needs two segment registers at once: `%fs` for the C library's thread pointer, `%gs` for a base of its own. " +
    "Known cases:\n\n" +
    "| program | `%gs` holds | what works instead |\n" +
    "|---|---|---|\n" +
    "| Firefox from 136 (google/gvisor#11567) | the memory of sandboxed WebAssembly | Firefox ESR 128, up to 135, or Chromium |\n" +
    "| Wine, 64-bit | the Windows thread block | outside gVisor; on ptrace a preload that uses wrgsbase was seen to work |\n" +
    "| Microsoft SQL Server (google/gvisor#11112) | its thread state | outside gVisor |\n\n" +
    "`wrgsbase` kills the process on systrap, where `%gs` is gVisor's own, and is kept on ptrace; kvm is said to " +
    "lose it (google/gvisor#2010, from the source and reports only).",
  known:
    "ARCH_SET_GS reaches `arch_prctl` (directly, through `syscall(158, …)` or the imported wrapper) or `wrgsbase` " +
    "stands in known code, there are accesses through `%gs`, and `%fs` is in use: by the program itself or by the " +
    "libraries that share its process.",
  remedy:
    "Swapping registers cannot help, so Sandfit converts nothing and says so. A library with such code only fails " +
    'the programs that call that part of it: "may fail".',
  evidence: "`dual-register` and `wrgsbase` in `test/fixtures/programs`, run on every release and platform.",
};
