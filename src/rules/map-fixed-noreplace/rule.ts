/** mmap with MAP_FIXED_NOREPLACE, which gVisor took for a hint until August 2026. */

import { result } from "../../asm/small-test.js";
import { leadToMapping } from "../../code/imports.js";
import { MapFlag, mappingsWith } from "../../code/mappings.js";
import { always, until } from "../../gvisor/behaviour.js";
import { gvisorSource, releases } from "../../gvisor/gvisor.js";
import { defineRule } from "../define.js";
import { flagsIn, flagsPatterns } from "../shared/map-flags.js";
import { siteAt } from "../shared/sites.js";

/** The day of the change in gVisor. */
const OBEYED_FROM = "2026-08-06";
const asksFor = (flags: number): boolean => (flags & MapFlag.FixedNoReplace) !== 0;

export const mapFixedNoreplace = defineRule({
  id: "map-fixed-noreplace",
  fixable: false,
  words: {
    title: "mmap with MAP_FIXED_NOREPLACE",
    summary: ({ facts }) => `${facts["calls"]} mmap with MAP_FIXED_NOREPLACE, a mere hint here`,
    why:
      "gVisor before August 2026 takes the address for a hint: where it is in use, the mapping is made elsewhere instead of EEXIST. Programs " +
      "that compare the result with what they asked for, as the manual says for old kernels, do not mind.",
    remedy: () => "nothing to do where the program compares the result with the address; else a newer gVisor",
    links: [gvisorSource("pkg/sentry/syscalls/linux/sys_mmap.go", 50)],
  },
  behaviour: until(OBEYED_FROM, "may-fail"),
  probe: {
    id: "map-fixed-noreplace",
    bites: ({ value }) => value !== -17n,
    test: [
      [9, 0, 0x4000, 3, 0x22, -1, 0],
      [9, result(0), 4096, 3, 0x100022, -1, 0],
    ],
  },
  patterns: flagsPatterns,
  async find(subject) {
    const asked = releases.find(({ id }) => id === subject.target.release);
    if (asked === undefined || asked.date >= OBEYED_FROM) return undefined;
    const candidates = flagsIn(subject, asksFor);
    if (!(await leadToMapping(subject.space, subject.imports, candidates))) return undefined;
    const { code } = await subject.code();
    const flags = new Set(mappingsWith(code, asksFor).flatMap((mapping) => mapping.flags.map(({ position }) => position)));
    if (flags.size === 0) return undefined;
    return {
      // Most programs compare, and the file does not tell well which do not.
      behaviour: always("runs"),
      sites: [...flags].map((position) => siteAt(code, position, "MAP_FIXED_NOREPLACE")),
      facts: { calls: flags.size },
    };
  },
});
