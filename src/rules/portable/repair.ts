/** The repair that keeps an APE one file for all systems: three classes of one-byte edits, all or nothing. */

import type { SegmentAccess } from "../../code/accesses.js";
import { evidenceAt } from "../../code/code.js";
import { instructionAt } from "../../code/paths.js";
import { ArchCode } from "../../code/system-calls.js";
import type { Analysis, Edit, Repair, RuleId } from "../define.js";
import { editAt, siteAt } from "../sites.js";
import { isRewritten } from "./rewriter.js";
import { type PortableClass, type PortableSite, type PortableSites, portableSites } from "./sites.js";

const rule: RuleId = "tls-in-gs";

const hex = (value: number) => `0x${value.toString(16)}`;

/** What each class is, for people. */
export const classWords: Record<PortableClass, string> = {
  constants: "ARCH_SET_FS instead of ARCH_SET_GS where Linux sets its thread pointer",
  masks: "Linux among the systems on which the program calls its rewriter (__morph_tls)",
  pairs: "Linux among the systems that read %fs in __get_tls_privileged",
};

/** How far the repair has come in a file: not begun, some classes only (with what is missing), or whole. */
export interface PortableState {
  readonly begun: boolean;
  readonly missing: readonly PortableClass[];
}

export function portableState(sites: PortableSites): PortableState {
  const classes: PortableClass[] = ["constants", "masks", "pairs"];
  const missing = classes.filter((name) => sites[name].some((site) => !site.done));
  return { begun: classes.some((name) => sites[name].some((site) => site.done)), missing };
}

/** The edits, without those that are made already; refusals where the repair would not be whole. */
export function portableRepair(analysis: Analysis): Repair {
  const sites = portableSites(analysis);
  if (sites === undefined) {
    return { edits: [], refusals: ["it has no run-time rewriter (__morph_tls) that could run on Linux"] };
  }
  const edits = (places: readonly PortableSite[], what: string): Edit[] =>
    places
      .filter((site) => !site.done)
      .map((site) => editAt(analysis.code, site.byteAt, site.after, rule, what, evidenceAt(analysis.code, site.position)));
  return {
    edits: [
      ...edits(sites.constants, "ARCH_SET_GS (0x1001) → ARCH_SET_FS (0x1002)"),
      ...edits(sites.masks, "Linux joins the systems that call __morph_tls (0x54 → 0x55)"),
      ...edits(sites.pairs, "Linux joins the systems that read %fs in __get_tls_privileged (0x50 → 0x51)"),
    ].sort((a, b) => a.fileOffset - b.fileOffset),
    refusals: problemsOf(analysis, sites),
  };
}

function problemsOf(analysis: Analysis, sites: PortableSites): string[] {
  const { code, archPrctls } = analysis;
  const at = (position: number) => `${hex(code.space.addressOf(position))} (${siteAt(code, position, "").text})`;
  const problems: string[] = [];
  if (sites.constants.length === 0) problems.push("no ARCH_SET_GS shares its call with FreeBSD's AMD64_SET_GSBASE");
  if (sites.masks.length !== 1) {
    problems.push(`${sites.masks.length} host tests stand in front of the call of __morph_tls instead of one`);
  }
  for (const position of sites.unguarded) problems.push(`no host test of the known form guards ${at(position)}`);
  const constants = new Set(sites.constants.map((site) => site.position));
  for (const call of archPrctls) {
    const isGs = call.code === ArchCode.SET_GS || call.code === ArchCode.GET_GS;
    if (!isGs || constants.has(call.constant.position)) continue;
    problems.push(`${at(call.constant.position)} asks for %gs by a call that FreeBSD does not share`);
  }
  for (const access of analysis.gs.found) {
    if (access.use === "windows-slot" || isLeftToOthers(access)) continue;
    const problem = problemOf(analysis, sites, access);
    if (problem !== undefined) problems.push(`${at(access.position)} ${problem}`);
  }
  const { low, high } = sites.rewriter;
  for (const { position } of analysis.gs.dismissed) {
    if (position < low || position + 9 > high || !isRewritten(code.space.bytes, position)) continue;
    problems.push(`the bytes at ${hex(code.space.addressOf(position))} are no access, but the rewriter would take them for one`);
  }
  return problems;
}

/** What only other systems reach stays as it is on them. */
function isLeftToOthers(access: SegmentAccess): boolean {
  const isFirm = access.evidence === "entry" || access.evidence === "symbol" || access.evidence === "unwind";
  return isFirm ? !access.onLinux : access.use === "other";
}

/** Why the rewriter does not see to an access; undefined where it does, or where a host test does (those are known by now). */
function problemOf({ code }: Analysis, { rewriter }: PortableSites, access: SegmentAccess): string | undefined {
  const { position, length, offset } = access;
  if (access.use === "other") return "uses %gs for something other than thread state";
  if (length === 9 && isRewritten(code.space.bytes, position)) {
    const isScanned = position >= rewriter.low && position + 9 <= rewriter.high;
    return isScanned ? undefined : "lies outside the range that __morph_tls scans";
  }
  const isIndirect = offset === undefined && access.evidence !== "swept" && instructionAt(code.walk, position).length > 0;
  return isIndirect ? undefined : "has a form that __morph_tls does not rewrite";
}
