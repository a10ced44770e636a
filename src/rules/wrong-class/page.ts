/** The page of wrong-class. */

import type { PageWords } from "../define.js";

export const page: PageWords = {
  program:
    "ELF32 for i386, x32, or a program for a machine that gVisor does not exist for (it exists for x86-64 and " + "aarch64).",
  known: "By the ELF header: EI_CLASS and e_machine.",
  remedy: "A 64-bit build for the machine at hand, or qemu-user as an interpreter.",
  evidence:
    "`elf32-hello` in `test/fixtures/programs`: runs on the host, is refused on every release and platform. x32 and " +
    "other machines are from gVisor's source.",
};
