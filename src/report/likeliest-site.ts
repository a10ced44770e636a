/** Which of a finding's places to show first: one that Linux comes by, not the first of the file. */

import type { Site } from "../rules/define.js";

const strength: readonly Site["evidence"][] = ["text", "swept", "pointer", "unwind", "symbol", "entry", "header"];
/** Cosmopolitan names so what only its programs on Windows call (sys_wait4_nt, __winerr). */
const OF_WINDOWS = /_nt(?:\+|$)|^(?:__)?win/;

/** The best known first; what never runs on Linux last. Otherwise in the order of the file. */
export function likeliestFirst(sites: readonly Site[]): Site[] {
  const rank = ({ inFunction, evidence }: Site) => (OF_WINDOWS.test(inFunction ?? "") ? -1 : strength.indexOf(evidence));
  return [...sites].sort((a, b) => rank(b) - rank(a));
}

/** The first of these; none where all are Windows'. */
export function likeliestSite(sites: readonly Site[]): Site | undefined {
  const [first] = likeliestFirst(sites);
  return first === undefined || OF_WINDOWS.test(first.inFunction ?? "") ? undefined : first;
}
