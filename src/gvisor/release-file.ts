/** What the file of a release holds: releases/<id>.json, which `npm run learn` writes; release.schema.json says the same to a validator. */

import type { Platform } from "./platforms.js";

/** Whether a program came to its right end. */
export type Outcome = "runs" | "fails";

/** What one program did, on each platform that it was run on. */
export interface ProgramRun {
  /** The rules that find something in it; none in a healthy program. */
  readonly rules: readonly string[];
  readonly original: Readonly<Partial<Record<Platform, Outcome>>>;
  /** The same of what `sandfit fix` makes of it; only where it is repaired. */
  readonly fixed?: Readonly<Partial<Record<Platform, Outcome>>>;
}

/** Test file → program → what it did. */
export type Evidence = Readonly<Record<string, Readonly<Record<string, ProgramRun>>>>;

/** One gVisor release, as data. */
export interface ReleaseFile {
  /** Year and month. */
  readonly id: string;
  /** Day of its source, YYYY-MM-DD. */
  readonly date: string;
  /** The commit of google/gvisor that it was made from. */
  readonly commit: string;
  readonly description: string;
  /** The date that runsc tells, eight digits; undefined where only the source was read. */
  readonly version?: string;
  /** Where scripts/install-gvisor.sh gets it: "debian SUITE" or "go MODULE@VERSION". */
  readonly from?: string;
  /** What `uname -r` says in it. */
  readonly uname?: string;
  /** "run": it was run here. "absent": this runsc does not have it. */
  readonly platforms: Readonly<Record<Platform, "run" | "absent" | "not run">>;
  /** "NUMBER NAME" → "full", "partial", the error that it always gives, or the capability without which it gives EPERM, and ENOSYS with it. */
  readonly systemCalls: Readonly<Record<string, string>>;
  /** Those of src/gvisor/refusals.ts that hold. "run": a call showed it. "assumed": none can tell, it is as in the release before. */
  readonly refusals: Readonly<Record<string, "run" | "assumed">>;
  /** Probe of `sandfit probe` → platform → its result, for an ordinary user. */
  readonly probes: Readonly<Record<string, Readonly<Partial<Record<Platform, string>>>>>;
  readonly evidence: Evidence;
}
