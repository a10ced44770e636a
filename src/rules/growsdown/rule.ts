/** mmap with MAP_GROWSDOWN in a program that asks for it by itself. gVisor maps it and never grows it. */

import { becomesSignalStack, leadToMapping } from "../../code/imports.js";
import { MapFlag, mappingsWith } from "../../code/mappings.js";
import { always } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { defineRule } from "../define.js";
import { growsdownProbe } from "../shared/growsdown-probe.js";
import { flagsIn, flagsPatterns } from "../shared/map-flags.js";
import { consequenceOf } from "../shared/reach.js";
import { siteAt } from "../shared/sites.js";

const grows = (flags: number): boolean => (flags & MapFlag.GrowsDown) !== 0 && (flags & MapFlag.Private) !== 0;

export const growsdown = defineRule({
  id: "growsdown",
  fixable: false,
  words: {
    title: "mmap with MAP_GROWSDOWN",
    summary: ({ facts }) => `${facts["calls"]} mmap with MAP_GROWSDOWN`,
    why:
      "gVisor accepts MAP_GROWSDOWN but never grows the mapping: the first access below it is SIGSEGV, where plain Linux adds a page. Programs " +
      "that stay inside what they mapped run.",
    remedy: () => "not fixable by an edit, since only the program knows how much it needs; map the whole size at once",
    links: [gvisorSource("pkg/sentry/mm/vma.go", 322)],
  },
  behaviour: always("may-fail"),
  probe: growsdownProbe,
  signature: { signals: ["SIGSEGV"] },
  patterns: flagsPatterns,
  async find(subject) {
    // Cosmopolitan's thread stacks are stack-growsdown's.
    if (subject.isCosmopolitan) return undefined;
    const constants = flagsIn(subject, grows);
    if (!(await leadToMapping(subject.space, subject.imports, constants))) return undefined;
    const imports = await subject.imports(["sigaltstack"]);
    const mayGrow = (position: number) => !becomesSignalStack(subject.space, imports, position);
    const candidates = constants.filter(mayGrow);
    if (!(await leadToMapping(subject.space, subject.imports, candidates))) return undefined;
    const { code } = await subject.code();
    const flags = mappingsWith(code, grows).flatMap((mapping) => mapping.flags);
    const positions = [...new Set(flags.map(({ position }) => position))].filter(mayGrow);
    if (positions.length === 0) return undefined;
    return {
      behaviour: always(consequenceOf(code, positions) === "runs" ? "runs" : "may-fail"),
      sites: positions.map((position) => siteAt(code, position, "MAP_GROWSDOWN")),
      facts: { calls: positions.length },
    };
  },
});
