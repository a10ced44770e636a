/** A position-independent program with data that has to lie at more than a page's multiple: gVisor loads it at any page. */

import { hex } from "../../errors.js";
import { always } from "../../gvisor/behaviour.js";
import { defineRule } from "../define.js";
import { headerSite, isStarted, loaderSource, loadsOf, PAGE } from "../shared/headers.js";
import { pieAlignProbe } from "../shared/loader-probes.js";

const SHF_ALLOC = 2;
/** Thread-local data is placed by the C library, not by the loader. */
const SHF_TLS = 0x400;

export const pieAlign = defineRule({
  id: "pie-align",
  fixable: false,
  words: {
    title: "data aligned to more than a page",
    summary: ({ facts }) =>
      `section ${facts["section"]} wants a multiple of ${facts["align"]}, and gVisor loads the program at any page`,
    why:
      "gVisor ignores p_align and gives a position-independent program any page, so objects aligned to more than 4,096 bytes lie wrong; what masks their " +
      "addresses reads other memory. Linux has kept p_align since 5.10.",
    remedy: () =>
      "start it as `/lib64/ld-linux-x86-64.so.2 FILE` (glibc from 2.35 aligns it), or link it as a fixed program (-no-pie)",
    links: [loaderSource(534)],
    page: {
      program: "It is a PIE with an object declared alignas(65536) or more, and finds things by masking addresses.",
      known:
        "A section that is loaded asks for more than 4,096 bytes (sh_addralign) in a PIE whose PT_LOAD does as well. A large p_align alone says nothing: " +
        "linkers write 64 KiB or 2 MiB for every program. Without section headers Sandfit stays silent.",
      remedy:
        "Start it as `/lib64/ld-linux-x86-64.so.2 FILE`: then glibc loads it, which keeps p_align since 2.35. Or link with `-no-pie`.\n\n" +
        "Why `sandfit fix` does not repair it: gVisor takes nothing from the file into account when it chooses the page, and a dynamic program's own code " +
        "runs only after ld.so has written addresses into it, too late to move it. Fixed addresses are left (ET_EXEC). Written into the program headers and " +
        "e_entry alone they put the data right, but whatever walks the stack then finds no unwind tables: C++ exceptions end in `terminate`, a backtrace is " +
        "empty, on plain Linux too. To make that right every relocation, symbol and entry of the dynamic section would have to change, which is linking " +
        "and no edit.",
      evidence:
        "`pie-align` in `test/fixtures/programs/loader-programs.ts`, run by `test/proof/loader.test.ts`; a program of GCC's, as it is, through ld.so and with " +
        "fixed addresses in its headers, in every release and platform: `test/proof/pie-align.test.ts`.",
    },
  },
  behaviour: always("may-fail"),
  probe: pieAlignProbe,
  async find(subject) {
    const { view } = subject;
    if (!isStarted(subject) || !view.isPositionIndependent) return undefined;
    const loads = loadsOf(view).filter((load) => load.align > PAGE);
    const section = view.sections.find((one) => (one.flags & (SHF_ALLOC | SHF_TLS)) === SHF_ALLOC && one.align > PAGE);
    const load =
      section && loads.find((one) => section.address >= one.address && section.address <= one.address + one.memorySize);
    if (section === undefined || load === undefined) return undefined;
    return {
      sites: [await headerSite(subject, load.index, `p_align ${hex(load.align)}`)],
      facts: { section: section.name, align: hex(section.align) },
    };
  },
});
