/** What gVisor releases and platforms there are to speak about. */

/** How gVisor runs application code. systrap is the default since 2023; ptrace was before. */
export const platforms = ["systrap", "ptrace", "kvm"] as const;
/** One of them. */
export type Platform = (typeof platforms)[number];

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

/** Releases that were run. */
export const ranReleaseIds = ["2022-12", "2024-07", "2026-09"] as const;
export type RanReleaseId = (typeof ranReleaseIds)[number];

/** The releases that Sandfit knows, oldest first: year and month. */
export const releaseIds = ["2022-12", "2024-07", "2026-08", "2026-09"] as const;
/** One of them. */
export type ReleaseId = (typeof releaseIds)[number];

/** The source that was read beside the runs: google/gvisor of 21 August 2026. */
const SOURCE_COMMIT = "3c5eee17dc45659fb86843531074f38e78e0cc35";

/** Every release that can be asked about, oldest first. */
export const releases: readonly Release[] = [
  {
    id: "2022-12",
    date: "2022-12-16",
    commit: "2342c658c7c2ccdc1e23d642a5873c80297669de",
    description: "runsc 0.0~20221219 (Debian 12), release-20221219.0",
    ran: ["ptrace"],
  },
  {
    id: "2024-07",
    date: "2024-07-26",
    commit: "8db16e88598170344d74c4aca32b90e58b9f7c43",
    description: "runsc 0.0~20240729 (Debian 13), release-20240729.0",
    ran: ["systrap", "ptrace"],
  },
  { id: "2026-08", date: "2026-08-21", commit: SOURCE_COMMIT, description: "source of 21 August 2026", ran: [] },
  {
    id: "2026-09",
    date: "2026-09-05",
    // Of the branch `go`, into which each day's source is merged; the module's version names no more of it.
    commit: "160fafc42237",
    description: "gvisor.dev/gvisor 20260905035102-160fafc42237",
    ran: ["systrap", "ptrace"],
  },
];

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
export const newest = { release: "2026-09", platforms } as const satisfies Target;

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
