/** What a check says, as data. The JSON output is this model, so its shape is versioned and has a schema. */

import type { Doubt } from "../code/doubts.js";
import type { Runtime } from "../code/runtime.js";
import type { Consequence, Effect } from "../gvisor/behaviour.js";
import { type Platform, type ReleaseId, releaseIds, type Target } from "../gvisor/gvisor.js";
import type { Machine } from "../image/image.js";
import type { Finding } from "../rules/define.js";

/** Raised when the JSON shape changes in a way that breaks readers. */
export const MODEL_VERSION = 1;

/**
 * What a check can end with, from best to worst. "undecided": nothing was found, but a search that would have to find it was given up.
 */
export const outcomes = ["runs", "undecided", "may-fail", "fails"] as const satisfies readonly (Consequence | "undecided")[];
/** One of them. */
export type Outcome = (typeof outcomes)[number];

/** What is expected on one platform. */
export interface Verdict {
  readonly outcome: Outcome;
  /** What is expected after `sandfit fix`; equal to `outcome` where fix does not help. */
  readonly afterFix: Outcome;
  /** Whether runs on that platform stand behind the findings, or gVisor's source alone. "none" where nothing was found. */
  readonly basis: "run" | "source" | "none";
  /** Every known release with the same outcome, the one asked for among them. */
  readonly releases: readonly ReleaseId[];
}

/** One machine's part of a file; a script is one part for any machine. */
export interface ViewReport {
  readonly machine: Machine | "any";
  /** e.g. "static executable", "shared library". */
  readonly type: string;
  readonly runtime: Runtime;
  /** Whether functions have names. */
  readonly hasSymbols: boolean;
  readonly findings: readonly Finding[];
  /** What was given up, so that more may be there than was found. Empty but for programs made to be hard to follow. */
  readonly undecided: readonly Doubt[];
  readonly verdicts: Readonly<Partial<Record<Platform, Verdict>>>;
}

/** What is known of one file. */
export interface FileReport {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly kind: string;
  readonly description: string;
  readonly views: readonly ViewReport[];
  /** Harmless damage and other remarks, one sentence each. */
  readonly notes: readonly string[];
}

/** A file that could not be read. */
export interface FileError {
  readonly name: string;
  readonly error: string;
}

/** What is known of all files that were asked about: the JSON document of schema/report-1.json. */
export interface Report {
  readonly version: typeof MODEL_VERSION;
  readonly target: Target;
  readonly files: readonly (FileReport | FileError)[];
}

/** The worst of some outcomes or consequences; "runs" for none. */
export function worst<One extends Outcome>(all: readonly One[]): One | "runs" {
  let found: One | "runs" = "runs";
  for (const one of all) if (outcomes.indexOf(one) > outcomes.indexOf(found)) found = one;
  return found;
}

/** Whether `fix` would repair a finding: it has edits and nothing speaks against them. */
export function isRepairable(finding: Finding): boolean {
  return (
    finding.repair !== undefined &&
    (finding.repair.edits.length > 0 || finding.repair.mode !== undefined) &&
    finding.repair.refusals.length === 0 &&
    (finding.repair.unproven?.length ?? 0) === 0
  );
}

/** Whether something speaks against a repair, or is not proven of the program. */
function speaksAgainst(repair: Finding["repair"]): boolean {
  return (repair?.refusals.length ?? 0) > 0 || (repair?.unproven?.length ?? 0) > 0;
}

/**
 * The verdict for one platform: the worst effect of any finding, and what remains of it after a fix. Where something was not decided it is
 * never the healthy one, and there is no fix.
 */
export function verdictOf(findings: readonly Finding[], platform: Platform, undecided: readonly Doubt[] = []): Verdict {
  const open: readonly Outcome[] = undecided.length > 0 ? ["undecided"] : [];
  const blocked = undecided.length > 0 || findings.some(({ repair }) => speaksAgainst(repair));
  const effects = findings.map((finding) => finding.effects[platform]);
  const remaining = findings
    .filter((finding) => blocked || !isRepairable(finding))
    .map((finding) => finding.effects[platform].consequence);
  const outcome = worst([...open, ...effects.map((effect) => effect.consequence)]);
  return {
    outcome,
    afterFix: worst([...open, ...remaining]),
    basis: basisOf(effects),
    releases: releaseIds.filter((id) => worst([...open, ...effects.map((effect) => effect.releases[id])]) === outcome),
  };
}

function basisOf(effects: readonly Effect[]): Verdict["basis"] {
  const telling = effects.filter((effect) => effect.consequence !== "runs");
  if (telling.length === 0) return "none";
  return telling.every((effect) => effect.basis === "run") ? "run" : "source";
}

/** The worst outcome of a file on any platform asked for. */
export function outcomeOf(file: FileReport): Outcome {
  return worst(file.views.flatMap((view) => Object.values(view.verdicts).map((verdict) => verdict.outcome)));
}
