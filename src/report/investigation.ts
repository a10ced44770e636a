/** The investigation of a program, an archive or a folder, as data: `sandfit report --format json` prints it (schema/investigation-1.json). */

import type { FileError, FileReport } from "../check/model.js";
import type { Target } from "../gvisor/gvisor.js";
import type { VerifyReport } from "./verify-model.js";

export const INVESTIGATION_VERSION = 1;

export interface Investigation {
  readonly version: typeof INVESTIGATION_VERSION;
  /** Sandfit's version. */
  readonly sandfit: string;
  /** When, as ISO 8601 in UTC. */
  readonly made: string;
  /** What it was made on, in a few words. */
  readonly machine: string;
  readonly target: Target;
  readonly subject: { readonly name: string; readonly kind: "file" | "folder" | "archive" };
  /** What this environment is; null where nothing was run to find it out. */
  readonly here: Here | null;
  readonly programs: readonly InvestigatedProgram[];
  /** Files that could not be read. */
  readonly errors: readonly FileError[];
}

export interface Here {
  /** "plain Linux", "gVisor, platform systrap". */
  readonly words: string;
  readonly signals: readonly string[];
  /** What programs need and do not get here: the probe's name and what it was answered. */
  readonly refuses: readonly { readonly id: string; readonly result: string }[];
}

export interface InvestigatedProgram {
  readonly report: FileReport;
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string;
  readonly repair: RepairSummary;
  /** What running it and its repair showed; null where nothing was run. */
  readonly runs: VerifyReport | null;
  /** The distribution's package of the same name, where one was looked for. */
  readonly systemPackage: SystemPackage | null;
}

export interface RepairSummary {
  /** "none" where nothing needs to change, "refused" where it must not. */
  readonly kind: "none" | "possible" | "refused";
  readonly edits: number;
  /** Bytes that change. */
  readonly bytes: number;
  readonly warnings: readonly string[];
  /** Why not, one sentence each. */
  readonly refusals: readonly string[];
}

export interface SystemPackage {
  readonly name: string;
  /** A command that installs it. */
  readonly install: string;
  readonly installed: boolean;
  /** How its program ended and what it said first, where it was started. */
  readonly tried: string | null;
}
