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
