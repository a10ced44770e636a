/** Words that several formats share. */

import { type Outcome, worst } from "../check/model.js";
import { evidenceWords } from "../code/evidence.js";
import type { CosmopolitanEra, Runtime } from "../code/runtime.js";
import type { Consequence } from "../gvisor/behaviour.js";
import type { Finding, Site } from "../rules/define.js";

export const consequenceWords: Record<Outcome, string> = {
  runs: "runs",
  undecided: "not decided: too many ways to follow",
  "may-fail": "may fail",
  fails: "will not run",
};

/** The same of a check. "Runs" is for what was run; a check without a finding says less. */
export const outcomeWords: Record<Outcome, string> = { ...consequenceWords, runs: "nothing found against it" };

/** Each as one character. */
export const signs: Record<Outcome, string> = { runs: "✔", undecided: "?", "may-fail": "▲", fails: "✖" };

const eraWords: Record<CosmopolitanEra, string> = {
  "fs-early": "%fs era, up to v3.2.4",
  gs: "%gs era, v3.3 to v4.0.2",
  "fs-late": "%fs, after v4.0.2 or moved to it",
  unknown: "era not told",
};

/** The runtime in a few words: "Cosmopolitan, %gs era, v3.3 to v4.0.2". */
export function runtimeWords(runtime: Runtime): string | undefined {
  if (runtime.name === "unknown") return undefined;
  if (runtime.name === "cosmopolitan") return `Cosmopolitan, ${eraWords[runtime.era ?? "unknown"]}`;
  return { glibc: "glibc", musl: "musl", go: "Go" }[runtime.name];
}

/** How a site is known, in words. */
export function evidenceOf(site: Site): string {
  if (site.evidence === "header") return "in the file header";
  if (site.evidence === "text") return "text";
  return evidenceWords[site.evidence];
}

/** From weakest to strongest. */
const strength: readonly Site["evidence"][] = ["text", "swept", "pointer", "unwind", "symbol", "entry", "header"];

/** How well a site is known; the larger the better. */
export const strengthOf = ({ evidence }: Site): number => strength.indexOf(evidence);

/** The worst a finding means on any platform. */
export function worstEffect(finding: Finding): Consequence {
  return worst(Object.values(finding.effects).map((effect) => effect.consequence));
}

/** `65 48 8b` from `65488b`. */
export function spaced(hexadecimal: string): string {
  return hexadecimal.replace(/(..)(?=.)/g, "$1 ");
}

/** "systrap", "systrap and kvm", "systrap, ptrace and kvm". */
export function listed(all: readonly string[]): string {
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

/** "1 read", "2 reads". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A size in bytes for people: 966,360 bytes. */
export function bytesWords(size: number): string {
  return `${size.toLocaleString("en-US")} bytes`;
}
