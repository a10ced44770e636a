/** What recorded runs show of a rule: read from the releases' files, which the proof tests write. */

import type { Platform } from "./platforms.js";
import type { Outcome, ProgramRun } from "./release-file.js";
import { type ReleaseId, releaseFiles, releaseIds } from "./releases.js";

/** A program that was run in a release, with its name. */
export interface NamedRun extends ProgramRun {
  readonly program: string;
}

/** Every program that was run in a release; one that several tests run is there several times. */
export function runsIn(release: ReleaseId): readonly NamedRun[] {
  return Object.values(releaseFiles[release].evidence).flatMap((programs) =>
    Object.entries(programs).map(([program, run]) => ({ program, ...run })),
  );
}

/** The programs that a rule finds something in, in this release or in another one. */
export function programsOf(rule: string): ReadonlySet<string> {
  const runs = releaseIds.flatMap(runsIn);
  return new Set(runs.filter(({ rules }) => rules.includes(rule)).map(({ program }) => program));
}

/**
 * The programs that show what a rule says. That a program fails shows something only of the one rule that finds anything in it; that
 * it runs shows it of every rule that finds something in it, be it in another release.
 */
export function programsShowing(rule: string, release: ReleaseId, platform: Platform, outcome: Outcome): string[] {
  const all = programsOf(rule);
  const shows = ({ program, rules, original }: NamedRun): boolean =>
    original[platform] === outcome && all.has(program) && (outcome === "runs" || (rules.length === 1 && rules[0] === rule));
  return [
    ...new Set(
      runsIn(release)
        .filter(shows)
        .map(({ program }) => program),
    ),
  ].sort();
}

/** Whether any program does. */
export function isShown(rule: string, release: ReleaseId, platform: Platform, outcome: Outcome): boolean {
  return programsShowing(rule, release, platform, outcome).length > 0;
}

/** What a program did where it was run as it is; undefined where it was not. */
export function recordedOutcome(program: string, release: ReleaseId, platform: Platform): Outcome | undefined {
  return runsIn(release).find((run) => run.program === program && run.original[platform] !== undefined)?.original[platform];
}

/** The release that tells this date as its version, as in "20240729". */
export function releaseOfVersion(version: string): ReleaseId | undefined {
  return releaseIds.find((id) => releaseFiles[id].version === version);
}
