/** Stacks of Cosmopolitan that must grow by MAP_GROWSDOWN, which gVisor maps and never grows. Others: `growsdown.ts`. */

import { always } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { defineRule } from "../define.js";
import { growsdownProbe } from "../shared/growsdown-probe.js";
import { findAarch64Stacks } from "./aarch64-stacks.js";
import { growingStacks, mayMapGrowing } from "./growing-stacks.js";

export const stackGrowsdown = defineRule({
  id: "stack-growsdown",
  fixable: true,
  words: {
    title: "stacks that must grow (MAP_GROWSDOWN)",
    summary: ({ facts }) => `${facts["main"] ? "the main stack" : "thread stacks"} of one page that must grow (MAP_GROWSDOWN)`,
    why:
      "gVisor accepts MAP_GROWSDOWN but never grows the mapping, so a thread that uses more than the page that is there gets SIGSEGV. " +
      "Threads that need little stack run.",
    remedy: (finding) =>
      finding.repair !== undefined && finding.repair.refusals.length === 0
        ? "`sandfit fix` makes the program take the way that it takes on other systems: the whole stack is mapped at once"
        : "not fixable by an edit here; give the thread a stack that is mapped whole",
    links: [gvisorSource("pkg/sentry/mm/vma.go", 322)],
  },
  behaviour: always("may-fail"),
  probe: growsdownProbe,
  signature: { signals: ["SIGSEGV"] },
  async find(subject) {
    if (subject.view.machine === "aarch64") return findAarch64Stacks(subject);
    if (!subject.isCosmopolitan) return undefined;
    if (!mayMapGrowing(subject.codeBytes)) return undefined;
    return growingStacks(subject, await subject.code());
  },
});
