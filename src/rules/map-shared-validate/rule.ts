/** mmap with MAP_SHARED_VALIDATE, which gVisor refuses. */

import { failed, result, text } from "../../asm/small-test.js";
import { leadToMapping } from "../../code/imports.js";
import { MapFlag, mappingsWith, servesOnlyAsFlags } from "../../code/mappings.js";
import { immediateAt } from "../../code/system-calls.js";
import { always } from "../../gvisor/behaviour.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { type Change, defineRule } from "../define.js";
import { flagsIn, flagsPatterns } from "../shared/map-flags.js";
import { consequenceOf } from "../shared/reach.js";
import { editAt, siteAt } from "../shared/sites.js";

const isValidated = (flags: number): boolean => (flags & MapFlag.TypeMask) === MapFlag.SharedValidate;
/**
 * What plain Linux answers with an error, so that the program knows another way (mm/mmap.c, do_mmap: LEGACY_MAP_MASK, and the types of
 * mappings without a file). As MAP_SHARED it would succeed.
 */
const isRefusedByLinux = (flags: number): boolean =>
  wantsSync(flags) || (flags & (MapFlag.Anonymous | MapFlag.FixedNoReplace)) !== 0;
const wantsSync = (flags: number): boolean => (flags & MapFlag.Sync) !== 0;

export const mapSharedValidate = defineRule({
  id: "map-shared-validate",
  fixable: true,
  words: {
    title: "mmap with MAP_SHARED_VALIDATE",
    summary: ({ facts }) =>
      `${facts["calls"]} mmap with MAP_SHARED_VALIDATE${facts["sync"] === true ? " and MAP_SYNC, for persistent memory" : ""}`,
    why:
      "gVisor asks for exactly one of MAP_SHARED and MAP_PRIVATE, and MAP_SHARED_VALIDATE is both bits at once: mmap answers EINVAL. What the " +
      "program makes of that is its own; many try again with MAP_SHARED.",
    remedy: (finding) =>
      finding.repair !== undefined && finding.repair.refusals.length === 0
        ? "`sandfit fix` makes it MAP_SHARED, which maps the same"
        : "not fixable by an edit here; a build that falls back to MAP_SHARED is needed",
    links: [gvisorSource("pkg/sentry/syscalls/linux/sys_mmap.go", 57)],
  },
  behaviour: always("may-fail"),
  probe: {
    id: "map-shared-validate",
    bites: failed,
    test: [
      [319, text("f"), 0],
      [77, result(0), 4096],
      [9, 0, 4096, 3, 3, result(0), 0],
    ],
  },
  patterns: flagsPatterns,
  async find(subject) {
    const candidates = flagsIn(subject, isValidated);
    if (!(await leadToMapping(subject.space, subject.imports, candidates))) return undefined;
    const { code } = await subject.code();
    const mappings = mappingsWith(code, isValidated);
    const flags = new Map(mappings.flatMap((mapping) => mapping.flags.map((flag) => [flag.position, flag.value] as const)));
    if (flags.size === 0) return undefined;
    const positions = [...flags.keys()];
    // Ordinary files refuse MAP_SYNC on plain Linux too (EOPNOTSUPP), so a program that asks for it knows another way.
    const sync = [...flags.values()].every(wantsSync);
    const consequence =
      [...flags.values()].every(isRefusedByLinux) || consequenceOf(code, positions) === "runs" ? "runs" : "may-fail";
    const isFixable = mappings.every((mapping) =>
      mapping.flags.every((flag) => !isRefusedByLinux(flag.value) && servesOnlyAsFlags(code, mapping, flag)),
    );
    return {
      behaviour: always(consequence),
      sites: positions.map((position) => siteAt(code, position, "MAP_SHARED_VALIDATE")),
      facts: { calls: flags.size, sync },
      repair: isFixable ? { edits: positions.map((position) => editOf(position)), refusals: [] } : undefined,
    };

    function editOf(position: number): Change {
      const at = position + (immediateAt(code, position).fileOffset - code.space.fileOffsetOf(position));
      const after = (code.space.bytes[at] - MapFlag.SharedValidate + MapFlag.Shared).toString(16).padStart(2, "0");
      return editAt(code, at, after, "MAP_SHARED_VALIDATE (3) → MAP_SHARED (1)");
    }
  },
});
