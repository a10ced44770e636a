/** The first bytes of the ELF header: Linux goes by e_machine alone, gVisor wants EI_CLASS, EI_DATA and EI_VERSION right. */

import { always } from "../../gvisor/behaviour.js";
import { defineRule } from "../define.js";
import { change, isStarted, loaderSource, site } from "../shared/headers.js";
import { elfIdentProbe } from "../shared/loader-probes.js";

/** ELFCLASS64, ELFDATA2LSB, EV_CURRENT from offset 4 on. */
const RIGHT = Uint8Array.of(2, 1, 1);
const EI_CLASS = 4;

export const elfIdent = defineRule({
  id: "elf-ident",
  fixable: true,
  words: {
    title: "ELF identification bytes",
    summary: ({ facts }) => `EI_CLASS, EI_DATA, EI_VERSION are ${facts["found"]} and not 2, 1, 1: execve answers ENOEXEC`,
    why:
      "gVisor compares EI_CLASS, EI_DATA and EI_VERSION and answers ENOEXEC where one of them is not 2, 1, 1. Linux does not look at them. EI_OSABI and " +
      "EI_ABIVERSION matter to neither.",
    remedy: () => "`sandfit fix` sets the three bytes",
    links: [loaderSource(124)],
  },
  behaviour: always("fails"),
  probe: elfIdentProbe,
  signature: { execve: ["ENOEXEC"] },
  find(subject) {
    const { header } = subject.view;
    const found = header.subarray(EI_CLASS, EI_CLASS + 3);
    if (!isStarted(subject) || found.every((byte, i) => byte === RIGHT[i])) return undefined;
    return {
      sites: [site(EI_CLASS, found, "EI_CLASS, EI_DATA, EI_VERSION", "ELF header")],
      facts: { found: [...found].join(", ") },
      repair: { edits: [change(EI_CLASS, found, RIGHT, "EI_CLASS, EI_DATA and EI_VERSION → 2, 1, 1")], refusals: [] },
    };
  },
});
