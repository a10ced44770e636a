/** What gVisor makes of something, over releases and platforms: as data, so that a verdict can be given for any of them. */

import { type Platform, platforms, type Release, type ReleaseId, releases } from "./gvisor.js";

/** What a finding means when the program is started, from harmless to worst. */
export const consequences = ["runs", "may-fail", "fails"] as const;
/** One of them. */
export type Consequence = (typeof consequences)[number];

/** One stretch of releases and platforms, and what happens there. */
export interface Clause {
  readonly consequence: Consequence;
  /** All unless told. */
  readonly platforms?: readonly Platform[];
  /** Days of gVisor's source, YYYY-MM-DD: from this one on; always unless told. */
  readonly from?: string;
  /** Up to, and not with, this one; to this day unless told. */
  readonly until?: string;
}

/** How a program with a finding fares, over releases and platforms. */
export interface Behaviour {
  /** The first that fits a release and platform holds; where none fits, the program runs. */
  readonly clauses: readonly Clause[];
  /** "run": seen on every release and platform that could be run (`Release.ran`). "source": only read in gVisor's source. */
  readonly basis: "run" | "source";
}

/** What a finding means on one platform, in the release asked for and in the others. */
export interface Effect {
  readonly consequence: Consequence;
  /** Whether a run of that release and platform stands behind it, or gVisor's source only. */
  readonly basis: "run" | "source";
  /** The consequence in every release that is known. */
  readonly releases: Readonly<Record<ReleaseId, Consequence>>;
}

/** The same in every release, on some platforms (all unless told). */
export function always(
  consequence: Consequence,
  basis: Behaviour["basis"] = "run",
  on: readonly Platform[] = platforms,
): Behaviour {
  return { clauses: [{ consequence, platforms: on }], basis };
}

/** Up to the day on which gVisor's source was changed (YYYY-MM-DD); the program runs from then on. */
export function until(day: string, consequence: Consequence, basis: Behaviour["basis"] = "run"): Behaviour {
  return { clauses: [{ consequence, until: day }], basis };
}

/** What happens in one release, on one platform. */
export function consequenceIn(behaviour: Behaviour, release: Release, platform: Platform): Consequence {
  const fits = (clause: Clause) =>
    (clause.platforms?.includes(platform) ?? true) &&
    (clause.from === undefined || release.date >= clause.from) &&
    (clause.until === undefined || release.date < clause.until);
  return behaviour.clauses.find(fits)?.consequence ?? "runs";
}

/** What happens on every platform, for the release asked for. */
export function effectsOf(behaviour: Behaviour, asked: ReleaseId): Record<Platform, Effect> {
  const entries = platforms.map((platform): [Platform, Effect] => {
    const perRelease = releases.map((release) => [release.id, consequenceIn(behaviour, release, platform)] as const);
    const known = Object.fromEntries(perRelease) as Record<ReleaseId, Consequence>;
    const wasRun = releases.some((release) => release.id === asked && release.ran.includes(platform));
    return [platform, { consequence: known[asked], basis: wasRun ? behaviour.basis : "source", releases: known }];
  });
  return Object.fromEntries(entries) as Record<Platform, Effect>;
}
