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
