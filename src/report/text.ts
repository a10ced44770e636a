/** The report as people read it in a terminal: the result first, then what it rests on. Builds a string; printing is the command line's. */

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
import type { Finding } from "../rules/define.js";
import { renderFinding } from "./finding-text.js";
import { MANY_FILES, renderGathered } from "./gathered.js";
import { headlineOf, verdictsOf } from "./headline.js";
import { completed, type TextOptions } from "./text-options.js";
import { listed, outcomeWords, plural, runtimeWords } from "./words.js";
import { folded } from "./wrap.js";

/** A whole report, or what is known of one file, as text; ends with a line feed. Default: short, without colours, lines stay whole. */
export function renderText(report: Report | FileReport | FileError, options: Partial<TextOptions> = {}): string {
  const complete = completed(options);
  const whole = "files" in report ? renderAll(report, complete) : renderOne(report, complete);
  return folded(whole, complete.width);
}

/** One line for each file that something was found against, or that could not be read; nothing for the others. */
export function renderHeadlines(report: Report, options: Partial<TextOptions> = {}): string {
  const complete = completed(options);
  const lines = report.files.map((file) =>
    "error" in file ? renderError(file, complete) : outcomeOf(file) === "runs" ? "" : `${headline(file, complete)}\n`,
  );
  return folded(lines.join(""), complete.width);
}

function renderAll(report: Report, options: TextOptions): string {
  if (report.files.length >= MANY_FILES && !options.why) return renderGathered(report, options);
  const parts = report.files.map((file) => renderOne(file, options));
  if (report.files.length > 1) parts.push(renderSummary(report, options));
  return parts.join("\n");
}

function renderOne(file: FileReport | FileError, options: TextOptions): string {
  return "error" in file ? renderError(file, options) : renderFile(file, options);
}

function renderError(file: FileError, { paint }: TextOptions): string {
  const isNamed = file.error.startsWith(file.name);
  return `${paint.red("error")} ${printable(isNamed ? file.error : `${file.name}: ${file.error}`)}\n`;
}

function renderFile(file: FileReport, options: TextOptions): string {
  const { paint, why } = options;
  let text = `${headline(file, options)}\n`;
  const told = new Set<string>();
  for (const [index, view] of file.views.entries()) {
    // What two machines' parts of a file share word for word is told once.
    const findings = why ? view.findings : view.findings.filter((finding) => isNew(finding, told));
    const isFolded = index > 0 && findings.length === 0 && view.undecided.length === 0 && outcomeOfView(view) === "runs" && !why;
    const what = view.findings.length > 0 ? "nothing else found" : "nothing found";
    if (isFolded) text += `  ${paint.dim(`${view.machine} part: ${what} against it`)}\n`;
    else text += renderView(file, view, findings, options);
  }
  if (why) for (const note of file.notes) text += `  ${paint.dim(`note: ${printable(note)}`)}\n`;
  return text;
}

function headline(file: FileReport, { paint }: TextOptions): string {
  const outcome = outcomeOf(file);
  const colour = outcome === "runs" ? paint.green : outcome === "fails" ? paint.red : paint.yellow;
  return `${paint.bold(printable(file.name))}: ${colour(headlineOf(file))}`;
}

/** Whether none like it was told; notes it. */
function isNew({ rule, facts, sites }: Finding, told: Set<string>): boolean {
  const key = JSON.stringify([rule, facts, sites]);
  const before = told.size;
  return told.add(key).size > before;
}

const outcomeOfView = (view: ViewReport): Outcome => worst(verdictsOf(view).map(([, verdict]) => verdict.outcome));

function renderView(file: FileReport, view: ViewReport, findings: readonly Finding[], options: TextOptions): string {
  const { paint, why } = options;
  let text = `  ${paint.dim(describe(file, view))}\n`;
  for (const finding of findings) text += renderFinding(finding, options);
  if (why) for (const line of view.runtime.evidence) text += `  ${paint.dim(`runtime: ${printable(line)}`)}\n`;
  if (view.undecided.length > 0) text += `  ${paint.yellow("?")} ${undecidedWords(view.undecided)}\n`;
  const verdicts = verdictsOf(view);
  const isPlain = outcomeOfView(view) === "runs" && verdicts.every(([, { releases }]) => releases.length === releaseIds.length);
  return isPlain && !why ? text : text + verdictLines(view, verdicts, options);
}

function describe(file: FileReport, view: ViewReport): string {
  if (view.machine === "any") return printable(file.description);
  const runtime = runtimeWords(view.runtime);
  const format = file.kind === "ape" ? "APE" : "ELF";
  const parts = [`${format} ${view.machine}`, view.type, view.hasSymbols ? "with symbols" : "stripped"];
  return `${parts.join(", ")}${runtime === undefined ? "" : ` (${runtime})`}`;
}

/** One line for the platforms that agree: "systrap and ptrace: will not run; runs after fix (gVisor 2022-12 to 2026-09)". */
function verdictLines(view: ViewReport, verdicts: readonly [Platform, Verdict][], { paint }: TextOptions): string {
  const groups = new Map<string, [Platform, Verdict][]>();
  for (const one of verdicts) {
    const words = wordsOf(one[1]);
    groups.set(words, [...(groups.get(words) ?? []), one]);
  }
  return [...groups]
    .map(([words, some]) => {
      const remarks = [`gVisor ${releasesWords(some.map(([, verdict]) => verdict))}`];
      const unseen = some.filter(([, { basis }]) => basis === "source").map(([platform]) => platform);
      if (view.machine === "aarch64") remarks.push("gVisor for arm64 was not run");
      else if (unseen.length > 0)
        remarks.push(`${unseen.length === some.length ? "" : `${listed(unseen)} `}from gVisor's source, not run`);
      return `  ${listed(some.map(([platform]) => platform))}: ${words} ${paint.dim(`(${remarks.join("; ")})`)}\n`;
    })
    .join("");
}

function wordsOf({ outcome, afterFix }: Verdict): string {
  if (afterFix === outcome) return outcomeWords[outcome];
  return `${outcomeWords[outcome]}; ${afterFix === "runs" ? "runs" : outcomeWords[afterFix]} after fix`;
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
