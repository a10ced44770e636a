/** What gVisor makes of something, over releases and platforms: as data, so that a verdict can be given for any of them. */

import { isShown } from "./evidence.js";
import { type Platform, platforms, type Release, type ReleaseId, releases } from "./gvisor.js";

/** What a finding means when the program is started, from harmless to worst. */
export const consequences = ["runs", "may-fail", "fails"] as const;
/** One of them. */
export type Consequence = (typeof consequences)[number];

/** One stretch of releases and platforms, and what happens there. */
export interface Clause {
  readonly consequence: Consequence;
  /** All by default. */
  readonly platforms?: readonly Platform[];
  /** Days of gVisor's source, YYYY-MM-DD: from this one on; always by default. */
  readonly from?: string;
  /** Up to, and not with, this one; to this day by default. */
  readonly until?: string;
}

/** How a program with a finding fares, over releases and platforms. */
export interface Behaviour {
  /** The first that fits a release and platform holds; where none fits, the program runs. */
  readonly clauses: readonly Clause[];
  /** "source": only read in gVisor's source, whatever the recorded runs show of the rule: they are of another form of it. */
  readonly basis?: "source";
}

/** What a finding means on one platform, in the release asked for and in the others. */
export interface Effect {
  readonly consequence: Consequence;
  /** Whether a recorded run of that release and platform shows it, or gVisor's source only says so. */
  readonly basis: "run" | "source";
  /** The consequence in every release that is known. */
  readonly releases: Readonly<Record<ReleaseId, Consequence>>;
}

/** The same in every release, on some platforms (all by default). */
export function always(consequence: Consequence, basis?: Behaviour["basis"], on: readonly Platform[] = platforms): Behaviour {
  return { clauses: [{ consequence, platforms: on }], ...(basis && { basis }) };
}

/** Up to the day on which gVisor's source was changed (YYYY-MM-DD); the program runs from then on. */
export function until(day: string, consequence: Consequence): Behaviour {
  return { clauses: [{ consequence, until: day }] };
}

/** What happens in one release, on one platform. */
export function consequenceIn(behaviour: Behaviour, release: Release, platform: Platform): Consequence {
  const fits = (clause: Clause) =>
    (clause.platforms?.includes(platform) ?? true) &&
    (clause.from === undefined || release.date >= clause.from) &&
    (clause.until === undefined || release.date < clause.until);
  return behaviour.clauses.find(fits)?.consequence ?? "runs";
}

/** Whether it is as recorded runs of the rule's programs show, or as gVisor's source says only. */
export function basisOf(rule: string, behaviour: Behaviour, release: Release, platform: Platform): Effect["basis"] {
  if (behaviour.basis === "source") return "source";
  const outcome = consequenceIn(behaviour, release, platform) === "runs" ? "runs" : "fails";
  return isShown(rule, release.id, platform, outcome) ? "run" : "source";
}

/** What happens on every platform, for the release asked for. */
export function effectsOf(rule: string, behaviour: Behaviour, asked: ReleaseId): Record<Platform, Effect> {
  const release = releases.find(({ id }) => id === asked)!;
  const entries = platforms.map((platform): [Platform, Effect] => {
    const perRelease = releases.map((one) => [one.id, consequenceIn(behaviour, one, platform)] as const);
    const known = Object.fromEntries(perRelease) as Record<ReleaseId, Consequence>;
    return [platform, { consequence: known[asked], basis: basisOf(rule, behaviour, release, platform), releases: known }];
  });
  return Object.fromEntries(entries) as Record<Platform, Effect>;
}
