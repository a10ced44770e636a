/** In what two runs end differently, and how much of that another run shows. */

import type { Outcome } from "./runs.js";

export type Aspect = "ending" | "stderr" | "stdout";

/**
 * How near a run comes to a wanted outcome, in the aspects that matter: 3 byte for byte, 2 but for numbers and blanks, 1 the same ending
 * and first line of standard error, 0 not at all.
 */
export type Likeness = 0 | 1 | 2 | 3;

const ASPECTS: readonly Aspect[] = ["ending", "stderr", "stdout"];

/** Without what differs from run to run: numbers, and how many blanks a table needs for them. */
export const masked = (text: string): string => text.replace(/0x[0-9a-f]+|\d+/gi, "#").replace(/[ \t]+/g, " ");

/**
 * What differs between Linux's runs and gVisor's. What varies among the runs of one side is compared without its numbers, and not at all
 * where it varies even so.
 */
export function differingAspects(linux: readonly Outcome[], gvisor: readonly Outcome[]): Aspect[] {
  return ASPECTS.filter((aspect) => {
    const all = (outcomes: readonly Outcome[], by: (text: string) => string) => new Set(outcomes.map((one) => by(one[aspect])));
    const same = (text: string) => text;
    for (const by of aspect === "ending" ? [same] : [same, masked]) {
      const [a, b] = [all(linux, by), all(gvisor, by)];
      if (a.size === 1 && b.size === 1) return [...a][0] !== [...b][0];
    }
    const [a, b] = [all(linux, masked), all(gvisor, masked)];
    return [...a].every((one) => !b.has(one)) && aspect === "ending";
  });
}

/** What has to be explained: a failure before other output, which is often of another cause. */
export const wantedAspects = (differing: readonly Aspect[]): readonly Aspect[] =>
  differing.some((one) => one !== "stdout") ? differing.filter((one) => one !== "stdout") : differing;

export function likeness(run: Outcome, wanted: Outcome, aspects: readonly Aspect[]): Likeness {
  if (run.ending !== wanted.ending) return 0;
  if (aspects.every((aspect) => run[aspect] === wanted[aspect])) return 3;
  if (aspects.every((aspect) => masked(run[aspect]) === masked(wanted[aspect]))) return 2;
  return aspects.includes("ending") && firstLine(run.stderr) === firstLine(wanted.stderr) && firstLine(run.stderr) !== "" ? 1 : 0;
}

/** The aspects in which two runs are alike: byte for byte, or but for numbers. */
export function alike(run: Outcome, wanted: Outcome): { readonly exactly: Aspect[]; readonly butForNumbers: Aspect[] } {
  const exactly = ASPECTS.filter((aspect) => run[aspect] === wanted[aspect]);
  const rest = ASPECTS.filter((aspect) => !exactly.includes(aspect));
  return {
    exactly,
    butForNumbers: rest.filter((aspect) => aspect !== "ending" && masked(run[aspect]) === masked(wanted[aspect])),
  };
}

const firstLine = (text: string): string => masked(text.split("\n").find((line) => line.trim() !== "") ?? "");
