/** PT_LOADs that do not follow one another: Linux maps them in any order, gVisor refuses to start the file. */

import { always } from "../sandbox/behaviour.js";
import { arrangeHeaders } from "./arrange-headers.js";
import { defineRule } from "./define.js";
import { headerSite, isStarted, loaderSource, loadsOf, outOfOrder } from "./headers.js";
import { loadOrderProbe } from "./loader-probes.js";

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
        ? "`sandfit fix` sorts the program headers and takes empty ones out"
        : "link it again; segments that overlap cannot be sorted",
    links: [loaderSource(419)],
    page: {
      program:
        "Its PT_LOADs are unsorted, overlap, occur twice, or an empty one has a lower address. Made by hand-written linker scripts and by rewriters.",
      known:
        "From the table alone: each PT_LOAD's address is compared with the end of the one before it. Shared libraries are not meant: ld.so loads " +
        "those, not gVisor.",
      remedy:
        "`sandfit fix` sorts the PT_LOADs among their own places in the table and makes empty ones PT_NULL. Where two really overlap it refuses.",
      evidence:
        "`load-order`, `load-order-pie`, `load-order-empty` and `load-order-twice` in `test/fixtures/programs/loader-programs.ts`, run by `test/proof/loader.test.ts`.",
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
