/** Programs for 32-bit mode or for a machine that gVisor does not exist for: it starts ELF64 of x86-64 and aarch64 only. */

import { always } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { elfMachineName } from "../../image/machines.js";
import { defineRule } from "../define.js";
import { wrongClassProbe } from "../shared/loader-probes.js";
import { hexOf } from "../shared/sites.js";

const EM_X86_64 = 62;

export const wrongClass = defineRule({
  id: "wrong-class",
  fixable: false,
  words: {
    title: "32-bit or foreign program",
    summary: ({ facts }) => `${facts["what"]}: execve answers ENOEXEC in gVisor`,
    why:
      "gVisor exists for x86-64 and aarch64. It has no 32-bit system calls and its loader takes ELF64 only, where Linux on x86-64 runs 32-bit " +
      "programs too.",
    remedy: ({ facts }) =>
      `use a 64-bit build for this machine, or run it under qemu-user${facts["what"] === "ELF32 i386" ? " (qemu-i386)" : ""}`,
    links: [gvisorSource("pkg/sentry/loader/elf.go", 124)],
  },
  behaviour: always("fails"),
  probe: wrongClassProbe,
  signature: { execve: ["ENOEXEC"] },
  find({ view }) {
    const isX32 = view.class === 32 && view.machineCode === EM_X86_64;
    const isI386 = view.class === 32 && view.machine === "i386";
    const hasGvisor = view.machine === "x86-64" || view.machine === "aarch64";
    if (view.class === 64 && hasGvisor) return undefined;
    if (view.type !== 2 && view.type !== 3) return undefined;
    return {
      behaviour: always("fails", isI386 ? undefined : "source"),
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
      facts: {
        what: isX32 ? "x32 (ELFCLASS32, x86-64)" : isI386 ? "ELF32 i386" : `ELF${view.class} ${elfMachineName(view.machineCode)}`,
      },
    };
  },
});
