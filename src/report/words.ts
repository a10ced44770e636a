/** Words that several formats share. */

import type { Doubt } from "../code/doubts.js";
import { evidenceWords } from "../code/evidence.js";
import type { CosmopolitanEra, Runtime } from "../code/runtime.js";
import type { Finding, Site } from "../rules/define.js";
import type { Consequence } from "../sandbox/behaviour.js";
import { type Outcome, worst } from "./model.js";

export const consequenceWords: Record<Outcome, string> = {
  runs: "runs",
  undecided: "not decided: too many ways to follow",
  "may-fail": "may fail",
  fails: "will not run",
};

/** Each as one character. */
export const signs: Record<Outcome, string> = { runs: "✔", undecided: "?", "may-fail": "▲", fails: "✖" };

/** What was given up, each in a few words. */
export const doubtWords: Record<Doubt, string> = {
  "jump-tables": "tables of jumps with more entries than any real program has",
  pointers: "pointers to more bytes that are no code than any real program has",
  "arch-prctl": "too many ways lead to what may be arch_prctl(ARCH_SET_GS)",
  "thread-state": "too many ways lead to an access through %gs",
  mapping: "too many ways lead to what may be a mapping that gVisor treats otherwise",
};

/** Why there is no verdict, in one line. */
export function undecidedWords(undecided: readonly Doubt[]): string {
  return `not decided: ${undecided.map((doubt) => doubtWords[doubt]).join("; ")}`;
}

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

/** The worst a finding means on any platform. */
export function worstEffect(finding: Finding): Consequence {
  return worst(Object.values(finding.effects).map((effect) => effect.consequence));
}

/** `65 48 8b` from `65488b`. */
export function spaced(hexadecimal: string): string {
  return hexadecimal.replace(/(..)(?=.)/g, "$1 ");
}

/** "1 read", "2 reads". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A size in bytes for people: 966,360 bytes. */
export function bytesWords(size: number): string {
  return `${size.toLocaleString("en-US")} bytes`;
}

/** Control characters, line separators, and what turns the direction of the text that follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text from a file, such as a symbol's name, fit for a terminal: what would do something there is written as `\\x1b` or `\\u202e`. */
export function printable(text: string): string {
  return text.replace(unprintable, (one) => {
    const code = one.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** A word as a POSIX shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
