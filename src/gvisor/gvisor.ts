/** What gVisor releases and platforms there are to speak about. */

import { type Platform, platforms } from "./platforms.js";
import { type RanReleaseId, type ReleaseId, ranReleaseIds, releaseFiles, releaseIds } from "./releases.js";

export { type Platform, platforms } from "./platforms.js";
export { type RanReleaseId, type ReleaseId, ranReleaseIds, releaseIds } from "./releases.js";

/** A gVisor release whose behaviour is known, by the month of its source. */
export interface Release {
  readonly id: ReleaseId;
  /** Day of its source, YYYY-MM-DD: what gVisor does since that day or earlier, this release does. */
  readonly date: string;
  /** The commit of google/gvisor that it was made from. */
  readonly commit: string;
  readonly description: string;
  /** Platforms that were run; of the others, and of a release without any, only the source was read. */
  readonly ran: readonly Platform[];
}

/** Every release that can be asked about, oldest first. */
export const releases: readonly Release[] = releaseIds.map((id) => {
  const { date, commit, description, platforms: known } = releaseFiles[id];
  return { id, date, commit, description, ran: platforms.filter((platform) => known[platform] === "run") };
});

/** The source that was read beside the runs, to which line numbers belong. */
const SOURCE_COMMIT = releaseFiles["2026-08"].commit;

/** Address of a file in gVisor's source, at the commit that the line number is from. */
export function gvisorSource(path: string, line?: number): string {
  return `https://github.com/google/gvisor/blob/${SOURCE_COMMIT}/${path}${line === undefined ? "" : `#L${line}`}`;
}

/** What a verdict is about: one release, and the platforms asked for. */
export interface Target {
  readonly release: ReleaseId;
  readonly platforms: readonly Platform[];
}

/** The newest release that was run, on every platform. */
export const newest = {
  release: ranReleaseIds[ranReleaseIds.length - 1] as RanReleaseId,
  platforms,
} as const satisfies Target;

/**
 * Reads `RELEASE`, `PLATFORM` or `RELEASE/PLATFORM`, with `newest` as a release.
 * Returns undefined for anything else.
 */
export function parseTarget(text: string): Target | undefined {
  const [first, second, rest] = text.split("/");
  if (rest !== undefined) return undefined;
  if (second === undefined && isPlatform(first)) return { release: newest.release, platforms: [first] };
  const release = first === "newest" ? newest.release : releaseIds.find((id) => id === first);
  if (release === undefined) return undefined;
  if (second === undefined) return { release, platforms };
  return isPlatform(second) ? { release, platforms: [second] } : undefined;
}

function isPlatform(text: string): text is Platform {
  return (platforms as readonly string[]).includes(text);
}
