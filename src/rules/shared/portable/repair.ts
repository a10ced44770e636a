/** The repair that keeps an APE one file for all systems: three classes of one-byte edits, all or nothing. */

import { ArchCode } from "../../../code/abi.js";
import type { SegmentAccess } from "../../../code/accesses.js";
import { evidenceAt } from "../../../code/code.js";
import type { Analysis, Change, Repair } from "../../define.js";
import { editAt, siteAt } from "../sites.js";
import { isRewritten } from "./rewriter.js";
import { type PortableClass, type PortableSite, type PortableSites, portableSites } from "./sites.js";

const hex = (value: number) => `0x${value.toString(16)}`;

/** What each class is, for people. */
const classWords: Record<PortableClass, string> = {
  constants: "ARCH_SET_FS instead of ARCH_SET_GS",
  masks: "Linux among the systems that call the rewriter (__morph_tls)",
  pairs: "Linux among the systems that read %fs in __get_tls_privileged",
};

/** Whether thread state is read through %gs in code that Linux reaches. */
export function readsThroughGs(analysis: Analysis): boolean {
  return analysis.gs.found.some((access) => access.use === "thread-state" && access.evidence !== "swept" && access.onLinux);
}

/** A repair of this kind that somebody began: what it still lacks. */
export interface Unfinished {
  readonly words: string;
  /** Whether only what a crash report or --strace needs is missing. */
  readonly runsAtFirst: boolean;
}

/** What is missing of a repair of this kind; undefined where it was not begun, or is whole. */
export function unfinishedRepair(analysis: Analysis): Unfinished | undefined {
  const sites = portableSites(analysis);
  if (sites === undefined || !classes.some((name) => sites[name].some((site) => site.done))) return undefined;
  const missing = classes.filter((name) => sites[name].some((site) => !site.done));
  const words = missing.map((name) => classWords[name]);
  if (missing.length === 0) words.push(...problemsOf(analysis, sites));
  if (words.length === 0) return undefined;
  return { words: words.join("; "), runsAtFirst: missing.length === 1 && missing[0] === "pairs" };
}

const classes: readonly PortableClass[] = ["constants", "masks", "pairs"];

/** Whether the repair is in the file, all of it: then the program rewrites itself at start on Linux too. */
export function isRepairedPortably(analysis: Analysis): boolean {
  // What is asked first costs least: a program that `sandfit fix` has made has no such access.
  if (!readsThroughGs(analysis)) return false;
  return portableSites(analysis)?.masks.some((site) => site.done) === true && unfinishedRepair(analysis) === undefined;
}

/** The edits, without those that are made already; refusals where the repair would not be whole. */
export function portableRepair(analysis: Analysis): Repair<Change> {
  const sites = portableSites(analysis);
  if (sites === undefined) {
    return { edits: [], refusals: ["it has no run-time rewriter (__morph_tls) that could run on Linux"] };
  }
  const edits = (places: readonly PortableSite[], what: string): Change[] =>
    places
      .filter((site) => !site.done)
      .map((site) => editAt(analysis.code, site.byteAt, site.after, what, evidenceAt(analysis.code, site.position)));
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
  const { position, length } = access;
  if (access.use === "other") return "uses %gs for something other than thread state";
  if (length === 9 && isRewritten(code.space.bytes, position)) {
    const isScanned = position >= rewriter.low && position + 9 <= rewriter.high;
    return isScanned ? undefined : "lies outside the range that __morph_tls scans";
  }
  return access.offset === undefined ? undefined : "has a form that __morph_tls does not rewrite";
}
