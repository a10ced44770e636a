/** The report as people read it in a terminal. Builds a string; printing is the command line's. */

import { printable } from "../bytes/printable.js";
import {
  type FileError,
  type FileReport,
  type Outcome,
  outcomeOf,
  type Report,
  type Verdict,
  type ViewReport,
  worst,
} from "../check/model.js";
import { undecidedWords } from "../code/doubts.js";
import { type Platform, releaseIds } from "../gvisor/gvisor.js";
import { renderFinding } from "./finding-text.js";
import { MANY_FILES, renderGathered } from "./gathered.js";
import type { TextOptions } from "./text-options.js";
import { consequenceWords, plural, runtimeWords, signs } from "./words.js";

/** The whole report; ends with a line feed. */
export function renderText(report: Report, options: TextOptions): string {
  if (report.files.length >= MANY_FILES && !options.why) return renderGathered(report, options);
  const parts = report.files.map((file) => ("error" in file ? renderError(file, options) : renderFile(file, options)));
  if (report.files.length > 1) parts.push(renderSummary(report, options));
  return parts.join("\n");
}

function renderError(file: FileError, { paint }: TextOptions): string {
  const isNamed = file.error.startsWith(file.name);
  return `${paint.red("error")} ${printable(isNamed ? file.error : `${file.name}: ${file.error}`)}\n`;
}

function renderFile(file: FileReport, options: TextOptions): string {
  const { paint } = options;
  let text = "";
  for (const view of file.views) {
    text += `${paint.bold(printable(file.name))}   ${headline(file, view)}\n`;
    for (const finding of view.findings) text += renderFinding(finding, options);
    if (options.why) for (const line of view.runtime.evidence) text += `  ${paint.dim(`why     ${printable(line)}`)}\n`;
    text += renderVerdict(view, options);
  }
  if (options.why) for (const note of file.notes) text += `  ${paint.dim(`note    ${printable(note)}`)}\n`;
  return text;
}

function headline(file: FileReport, view: ViewReport): string {
  if (view.machine === "any") return printable(file.description);
  const runtime = runtimeWords(view.runtime);
  const format = file.kind === "ape" ? "APE" : "ELF";
  const parts = [`${format} ${view.machine}`, view.type, view.hasSymbols ? "with symbols" : "stripped"];
  return `${parts.join(", ")}${runtime === undefined ? "" : ` (${runtime})`}`;
}

function renderVerdict(view: ViewReport, { paint }: TextOptions): string {
  const verdicts = Object.entries(view.verdicts) as [Platform, Verdict][];
  const outcome = worst(verdicts.map(([, verdict]) => verdict.outcome));
  const helped = verdicts.some(([, verdict]) => verdict.afterFix !== verdict.outcome);
  const after = verdicts.map(([, verdict]) => verdict.afterFix);
  const whole = helped && after.every((one) => one === "runs") ? "runs after `sandfit fix`" : consequenceWords[outcome];
  const cells = verdicts.map(([platform, verdict]) => {
    const change = verdict.afterFix === verdict.outcome ? "" : `→${signs[verdict.afterFix]}`;
    return `${platform} ${signs[verdict.outcome]}${change}${verdict.basis === "source" || view.machine === "aarch64" ? " (not run here)" : ""}`;
  });
  const word = view.machine === "any" ? whole.replace(/^runs/, "starts") : whole;
  const colour = outcome === "runs" ? paint.green : outcome === "fails" ? paint.red : paint.yellow;
  const open = view.undecided.length > 0 ? `  ${paint.yellow("?")} ${undecidedWords(view.undecided)}\n` : "";
  return `${open}  verdict   ${colour(word)}   ${cells.join("   ")}   ${paint.dim(releasesWords(verdicts.map(([, verdict]) => verdict)))}\n`;
}

/** The releases in which all that was asked about is the same: "2022-12 to 2026-09". */
function releasesWords(verdicts: readonly Verdict[]): string {
  const same = releaseIds.filter((id) => verdicts.every((verdict) => verdict.releases.includes(id)));
  return same.length === releaseIds.length ? `${same[0]} to ${same.at(-1)}` : same.join(", ");
}

function renderSummary(report: Report, { paint }: TextOptions): string {
  const counts: Record<Outcome, number> = { runs: 0, undecided: 0, "may-fail": 0, fails: 0 };
  let errors = 0;
  for (const file of report.files) {
    if ("error" in file) errors++;
    else counts[outcomeOf(file)]++;
  }
  const parts = [
    plural(report.files.length - errors, "program"),
    `${counts.fails} will not run`,
    `${counts["may-fail"]} may fail`,
    ...(counts.undecided > 0 ? [`${counts.undecided} not decided`] : []),
  ];
  if (errors > 0) parts.push(`${errors} could not be read`);
  return `${paint.bold(parts.join(", "))}\n`;
}
