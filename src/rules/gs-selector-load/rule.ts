/** A load of %gs's selector, even of 0: on systrap %gs is gVisor's own, and its base goes with the selector. */

import * as o from "../../asm/operands.js";
import { wrong } from "../../asm/small-test.js";
import { ArchCode } from "../../code/abi.js";
import { isLikelyOpcode } from "../../code/in-step.js";
import { isSelectorLoad, type SelectorLoad, selectorLoads, usesBaseOf } from "../../code/selectors.js";
import type { ArchPrctl } from "../../code/system-calls.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { type Analysis, type Change, defineRule, type Repair } from "../define.js";
import { UNDER_QEMU } from "../shared/emulation.js";
import { consequenceOf } from "../shared/reach.js";
import { editAt, siteAt } from "../shared/sites.js";

/** `mov %r16,%gs`, `pop %gs`, `lgs`; the position is that of the last opcode byte. */
const patterns = ["8e /5", "0f >a9", "0f >b5"];

export const gsSelectorLoad = defineRule({
  id: "gs-selector-load",
  fixable: true,
  words: {
    title: "load of the selector of %gs",
    summary: ({ facts }) =>
      facts["null"] === true ? `${facts["loads"]} loads of %gs, all of the null selector` : `${facts["loads"]} loads of %gs`,
    why:
      "On systrap %gs holds gVisor's own thread state, and loading a selector, even 0, clears its base: the process dies at its next system " +
      "call, and programs of the same sandbox that are started later die with it. ptrace lets it pass, and forgets the selector.",
    remedy: (finding) =>
      finding.repair !== undefined && finding.repair.refusals.length === 0
        ? "`sandfit fix` leaves the load out: plain Linux starts programs with that selector, so nothing changes there"
        : `not fixable by an edit; a build that leaves %gs alone is needed, or gVisor's ptrace platform, ${UNDER_QEMU}`,
    links: [
      gvisorSource("pkg/sentry/platform/systrap/sysmsg/syshandler_amd64.S", 46),
      gvisorSource("pkg/sentry/platform/systrap/sysmsg/sighandler_amd64.c", 78),
    ],
  },
  behaviour: { clauses: [{ consequence: "fails", platforms: ["systrap"] }] },
  probe: {
    id: "gs-selector-load",
    bites: wrong,
    needs: "changes-gs",
    test: (a) => void a.xor(o.eax, o.eax).movToSegment("gs", o.eax).mov(o.eax, 39).syscall().xor(o.eax, o.eax),
  },
  signature: { signals: ["SIGSEGV"] },
  patterns,
  async find(subject) {
    const candidates = subject.sightings(...patterns);
    if (!candidates.some((at) => isLikelyOpcode(subject.codeBytes, at, isSelectorLoad))) return undefined;
    const analysis = await subject.code();
    const { code } = analysis;
    const loads = selectorLoads(code, candidates);
    if (loads.length === 0) return undefined;
    const consequence = consequenceOf(
      code,
      loads.map(({ position }) => position),
    );
    return {
      behaviour: { clauses: [{ consequence, platforms: ["systrap"] }] },
      sites: loads.map(({ position }) => siteAt(code, position, "load of %gs")),
      facts: { loads: loads.length, null: loads.every(({ isNull }) => isNull) },
      repair: repairOf(analysis, loads),
    };
  },
});

/** `8e e8` (mov %eax,%gs) becomes `66 90`; one with a prefix `0f 1f 00`. */
const NOTHING: Readonly<Record<number, string>> = { 2: "6690", 3: "0f1f00" };

/** A load of 0 can be left out where it changes nothing natively: %gs is 0 from the start, and nothing else ever changes or uses it. */
function repairOf(analysis: Analysis, loads: readonly SelectorLoad[]): Repair<Change> | undefined {
  const { code, gs, archPrctls } = analysis;
  const concernsGs = ({ code: which }: ArchPrctl) => which === ArchCode.SET_GS || which === ArchCode.GET_GS;
  const isUsed = gs.found.some((access) => access.onLinux) || archPrctls.some(concernsGs) || usesBaseOf(code, "gs");
  if (isUsed || !loads.every(({ isNull, isPlain, length }) => isNull && isPlain && length in NOTHING)) return undefined;
  const edits = loads.map(({ position, length }) =>
    editAt(code, position, NOTHING[length], `${siteAt(code, position, "").text} → nop: the null selector is there already`),
  );
  return { edits, refusals: [] };
}
