/** PT_LOADs that do not follow one another: Linux maps them in any order, gVisor refuses to start the file. */

import { always } from "../../gvisor/behaviour.js";
import { defineRule } from "../define.js";
import { arrangeHeaders } from "../shared/arrange-headers.js";
import { headerSite, isStarted, loaderSource, loadsOf, outOfOrder } from "../shared/headers.js";
import { loadOrderProbe } from "../shared/loader-probes.js";

export const loadOrder = defineRule({
  id: "load-order",
  fixable: true,
  words: {
    title: "segments out of order",
    summary: ({ facts }) => `${facts["count"]} PT_LOAD below the end of the one before it: execve answers ENOEXEC`,
    why:
      "gVisor wants the PT_LOADs ascending and apart, as the ELF specification does, and answers ENOEXEC otherwise; an empty PT_LOAD counts too. " +
      "Linux maps them in any order, over one another if need be.",
    remedy: (finding) =>
      (finding.repair?.refusals.length ?? 1) === 0
        ? "`sandfit fix` sorts the program headers and takes out what others lie over"
        : "link it again; segments that overlap so cannot be told apart in the table that there is",
    links: [loaderSource(419)],
    page: {
      program:
        "Its PT_LOADs are unsorted, overlap, occur twice, or an empty one has a lower address. Made by hand-written linker scripts and by rewriters.",
      known:
        "From the table alone: each PT_LOAD's address is compared with the end of the one before it. Shared libraries are not meant: ld.so loads " +
        "those, not gVisor.",
      remedy:
        "`sandfit fix` sorts the PT_LOADs among their own places in the table and makes empty ones PT_NULL. Linux maps them in the table's order, whole pages " +
        "over one another: one that later ones hide becomes PT_NULL too, and one whose end is hidden becomes as much shorter. Where the beginning or the middle " +
        "is hidden it refuses: what is left would need another offset for the headers in it, or one header more than there are. So it does where two share a " +
        "page and sorting would show the other's bytes there. The proof compares what each address showed before and shows after. A program that walks its own headers (AT_PHDR, dl_iterate_phdr) meets them in the new order.",
      evidence:
        "`load-order`, `-pie`, `-empty`, `-twice`, `-over` (repaired), `-inside` and `-page` (refused) in `test/fixtures/programs/loader-programs.ts`, run by " +
        "`test/proof/loader.test.ts`.",
    },
  },
  behaviour: always("fails"),
  probe: loadOrderProbe,
  signature: { execve: ["ENOEXEC"] },
  async find(subject) {
    if (!isStarted(subject)) return undefined;
    const wrong = outOfOrder(loadsOf(subject.view));
    if (wrong.length === 0) return undefined;
    const sites = [];
    for (const load of wrong) sites.push(await headerSite(subject, load.index, "below the end of the one before"));
    return { sites, facts: { count: wrong.length }, repair: await arrangeHeaders(subject) };
  },
});
