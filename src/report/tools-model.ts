/** What `sandfit tools` says, as data. The JSON output is this model; its schema ships as schema/tools-1.json. */

import type { Outcome } from "../check/model.js";
import type { RuleId } from "../rules/ids.js";

/**
 * "works": it did its job. "starts": it answered `--version` or the like, and nothing more was tried. "unsure": it starts and ends by
 * itself, but nothing that was tried shows that it does its job.
 */
export type TrialOutcome = "works" | "starts" | "fails" | "unsure";

/** A module of a lua that was asked for. */
export interface ToolPart {
  readonly name: string;
  /** "loads": it is there, and no question to it is known. */
  readonly outcome: "works" | "loads" | "fails" | "absent";
}

/** What a file's bytes let expect in gVisor: of this environment where it is one, else of the newest release. */
export interface Expectation {
  readonly outcome: Outcome;
  readonly afterFix: Outcome;
  /** The rules behind an outcome that is not "runs". */
  readonly rules: readonly RuleId[];
}

/** One file that provides a tool. */
export interface Provider {
  readonly path: string;
  /** "package": of the distribution's package, but in no folder of PATH. */
  readonly source: "path" | "toolset" | "package";
  /** Other paths of the same file. */
  readonly also: readonly string[];
  /** Package and version that own the file. */
  readonly package: string | null;
  /** As it says itself. */
  readonly version: string | null;
  readonly outcome: TrialOutcome;
  /** What it did here, a few words each. */
  readonly did: readonly string[];
  /** Why it does not work, one sentence. */
  readonly why: string | null;
  readonly parts: readonly ToolPart[];
  /** Null where the file is no ELF or APE program. */
  readonly expected: Expectation | null;
  /** The command that helps this file. */
  readonly next: string | null;
}

/** The distribution's package for a tool. */
export interface PackageState {
  readonly name: string;
  readonly installed: boolean;
  /** Installed version. */
  readonly version: string | null;
  /** Version that could be installed, where the package lists tell. */
  readonly available: string | null;
  /** How to install it. */
  readonly command: string;
  /** What to know before. */
  readonly remark: string | null;
}

export interface ToolState {
  readonly name: string;
  /** In the order of PATH, then the toolsets, then the package. */
  readonly providers: readonly Provider[];
  readonly package: PackageState | null;
  /** Path of the provider to use; null where none works. */
  readonly best: string | null;
  /** The one next command; null where the best provider is the one that PATH leads to, or nothing helps. */
  readonly next: string | null;
  readonly remark: string | null;
}

export interface ToolsReport {
  readonly version: 1;
  readonly environment: { readonly kind: "linux" | "gvisor" | "rehearsal" | "unknown"; readonly words: string };
  /** Name of the distribution and its package manager, where known. */
  readonly distribution: { readonly name: string; readonly packages: "dpkg" | "apk" | "rpm" | null };
  readonly tools: readonly ToolState[];
}
