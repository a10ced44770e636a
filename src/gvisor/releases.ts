/** The list of releases, written by `npm run learn`: what their files say, oldest first. */

import type { ReleaseFile } from "./release-file.js";
import of2022_12 from "./releases/2022-12.json" with { type: "json" };
import of2024_07 from "./releases/2024-07.json" with { type: "json" };
import of2026_08 from "./releases/2026-08.json" with { type: "json" };
import of2026_09 from "./releases/2026-09.json" with { type: "json" };

/** The releases that Sandfit knows: year and month. */
export const releaseIds = ["2022-12", "2024-07", "2026-08", "2026-09"] as const;
/** One of them. */
export type ReleaseId = (typeof releaseIds)[number];

/** Releases that were run; of the others only the source was read. */
export const ranReleaseIds = ["2022-12", "2024-07", "2026-09"] as const;
/** One of them. */
export type RanReleaseId = (typeof ranReleaseIds)[number];

/** Their files. A test holds each against release.schema.json, since the compiler takes any text of theirs for a string. */
export const releaseFiles = {
  "2022-12": of2022_12,
  "2024-07": of2024_07,
  "2026-08": of2026_08,
  "2026-09": of2026_09,
} as unknown as Readonly<Record<ReleaseId, ReleaseFile>>;
