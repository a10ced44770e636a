/** Programs for another machine or for 32-bit mode: gVisor on x86-64 starts ELF64 x86-64 only. */

import { defineRule, onEveryPlatform } from "./define.js";
import { hexOf } from "./sites.js";

const id = "wrong-class";

const EM_X86_64 = 62;

export const wrongClass = defineRule({
  id,
  fixable: false,
  words: {
    title: "32-bit program",
    summary: ({ facts }) => `${facts["what"]}: execve answers ENOEXEC in gVisor`,
    why: "gVisor has no 32-bit system calls and its loader takes ELF64 only, where Linux runs 32-bit programs too.",
    remedy: () => "use a 64-bit build, or run it under qemu-i386",
    links: ["https://github.com/google/gvisor/blob/master/pkg/sentry/loader/elf.go"],
  },
  find({ view }) {
    const isX32 = view.class === 32 && view.machineCode === EM_X86_64;
    const isI386 = view.class === 32 && view.machine === "i386";
    // Programs for other processors do not start on plain Linux either: that is no finding about gVisor.
    if (!isX32 && !isI386) return undefined;
    if (view.type !== 2 && view.type !== 3) return undefined;
    return {
      rule: id,
      machine: view.machine,
      effects: onEveryPlatform("fails", ["systrap", "ptrace"]),
      sites: [
        {
          address: undefined,
          fileOffset: view.headerOffset,
          bytes: hexOf(view.header.subarray(0, 20)),
          text: `EI_CLASS ${view.class === 32 ? "ELFCLASS32" : "ELFCLASS64"}, e_machine ${view.machineCode}`,
          inFunction: undefined,
          evidence: "header",
          role: "ELF header",
        },
      ],
      leftAlone: [],
      facts: { what: isX32 ? "x32 (ELFCLASS32, x86-64)" : "ELF32 i386" },
      repair: undefined,
    };
  },
});
