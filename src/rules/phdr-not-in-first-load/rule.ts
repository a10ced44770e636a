/** Program headers that are not mapped where gVisor says that they are: at the first PT_LOAD's address plus e_phoff. */

import { hex } from "../../errors.js";
import { always } from "../../gvisor/behaviour.js";
import { PT_TLS } from "../../image/elf-segments.js";
import { defineRule } from "../define.js";
import { arrangeHeaders } from "../shared/arrange-headers.js";
import { headerSite, isStarted, loaderSource, loadOfTable, loadsOf, outOfOrder } from "../shared/headers.js";
import { phdrNotInFirstLoadProbe } from "../shared/loader-probes.js";

export const phdrNotInFirstLoad = defineRule({
  id: "phdr-not-in-first-load",
  fixable: true,
  words: {
    title: "program headers away from the first segment",
    summary: ({ facts }) => `AT_PHDR is ${facts["told"]} in gVisor, but the program headers are mapped at ${facts["right"]}`,
    why:
      "gVisor computes AT_PHDR as the address of the first PT_LOAD plus e_phoff, which is wrong where the table was moved to a segment of its own " +
      "or an empty PT_LOAD stands in front. The dynamic linker, and a static program's start-up code, read it and crash before main. Linux since " +
      "5.18 looks for the segment that holds the table.",
    remedy: (finding) =>
      (finding.repair?.refusals.length ?? 1) === 0
        ? "`sandfit fix` maps the table where gVisor looks for it"
        : "start it as `/lib64/ld-linux-x86-64.so.2 FILE`, or make it with a tool that keeps the headers in the first segment",
    links: [loaderSource(553), "https://github.com/denoland/sui/issues/78", "https://github.com/denoland/deno/issues/35700"],
  },
  behaviour: always("fails"),
  probe: phdrNotInFirstLoadProbe,
  signature: { signals: ["SIGSEGV", "SIGABRT"] },
  async find(subject) {
    const { view } = subject;
    if (!isStarted(subject)) return undefined;
    const loads = loadsOf(view);
    // Out of order: load-order speaks of it, and its repair sees to the table too.
    if (outOfOrder(loads).length > 0) return undefined;
    const first = loads[0];
    const holder = loadOfTable(view);
    if (first === undefined || holder === undefined || first.address === holder.address - holder.offset) return undefined;
    const readsIt = view.interpreter !== undefined || view.programHeaders.some((header) => header.type === PT_TLS);
    const told = first.address + view.programHeaderOffset;
    const right = holder.address + view.programHeaderOffset - holder.offset;
    return {
      sites: [
        await headerSite(subject, first.index, "first PT_LOAD"),
        await headerSite(subject, holder.index, "holds the table"),
      ],
      facts: { told: hex(told), right: hex(right) },
      repair: await arrangeHeaders(subject),
      ...(readsIt ? {} : { behaviour: always("may-fail") }),
    };
  },
});
