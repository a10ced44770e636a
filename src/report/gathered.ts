/** The report about many files: the worst first, programs with the same findings gathered, the healthy ones only counted. */

import { printable } from "../bytes/printable.js";
import { type FileError, type FileReport, type Outcome, outcomeOf, outcomes, type Report, worst } from "../check/model.js";
import { consequences } from "../gvisor/behaviour.js";
import type { Finding } from "../rules/define.js";
import { ruleOf } from "../rules/index.js";
import { remedyOf } from "./finding-words.js";
import type { TextOptions } from "./text-options.js";
import { outcomeWords, plural, signs, worstEffect } from "./words.js";

/** From this many files on the report is gathered. */
export const MANY_FILES = 12;
/** Names shown of each group, unless all are asked for. */
const NAMES = 4;

interface Group {
  readonly outcome: Outcome;
  readonly afterFix: Outcome;
  /** One finding of each rule, the worst first. */
  readonly findings: readonly Finding[];
  readonly names: string[];
}

/** The whole report; ends with a line feed. */
export function renderGathered(report: Report, options: TextOptions): string {
  const { paint } = options;
  const errors = report.files.filter((file): file is FileError => "error" in file);
  const files = report.files.filter((file): file is FileReport => !("error" in file));
  const groups = groupsOf(files);
  let text = groups.map((group) => `${renderGroup(group, options)}\n`).join("");
  for (const { name, error } of errors) {
    text += `${paint.red("error")} ${printable(error.startsWith(name) ? error : `${name}: ${error}`)}\n`;
  }
  return `${text}${errors.length > 0 ? "\n" : ""}${summary(groups, files.length, errors.length, options)}`;
}

/** Programs with findings, or not decided, by the set of their rules and what these mean; the worst first, then the largest. */
function groupsOf(files: readonly FileReport[]): Group[] {
  const groups = new Map<string, Group>();
  for (const file of files) {
    const findings = file.views.flatMap((view) => view.findings);
    const outcome = outcomeOf(file);
    if (findings.length === 0 && outcome === "runs") continue;
    const afterFix = worst(file.views.flatMap((view) => Object.values(view.verdicts).map((verdict) => verdict.afterFix)));
    const byRule = new Map(findings.map((finding) => [finding.rule, finding]));
    const key = [outcome, afterFix, ...[...byRule.keys()].sort()].join(" ");
    const group: Group = groups.get(key) ?? { outcome, afterFix, findings: [...byRule.values()].sort(byRank), names: [] };
    group.names.push(file.name);
    groups.set(key, group);
  }
  const rank = (group: Group): number => outcomes.indexOf(group.outcome);
  return [...groups.values()].sort((a, b) => rank(b) - rank(a) || b.names.length - a.names.length);
}

const worstOf = (finding: Finding): number => consequences.indexOf(worstEffect(finding));
const byRank = (a: Finding, b: Finding): number => worstOf(b) - worstOf(a);

function renderGroup({ outcome, afterFix, findings, names }: Group, { paint, all }: TextOptions): string {
  const mark = outcome === "fails" ? paint.red("✖") : outcome === "runs" ? paint.cyan("•") : paint.yellow(signs[outcome]);
  const rules = findings.map((finding) => paint.bold(finding.rule)).join(", ");
  const helps = afterFix === outcome ? "" : afterFix === "runs" ? "; runs after `sandfit fix`" : "; better after `sandfit fix`";
  const what = rules === "" ? "" : `${rules}   `;
  let text = `${mark} ${plural(names.length, "program")}: ${what}${outcomeWords[outcome]}${paint.green(helps)}\n`;
  for (const finding of findings) {
    const { words } = ruleOf(finding.rule);
    text += `    ${words.title}: ${remedyOf(finding)}\n`;
  }
  for (const name of all ? names : names.slice(0, NAMES)) text += `      ${printable(name)}\n`;
  if (!all && names.length > NAMES) text += `      ${paint.dim(`… ${names.length - NAMES} more (--all)`)}\n`;
  return text;
}

function summary(groups: readonly Group[], total: number, errors: number, { paint }: TextOptions): string {
  const count = (fits: (group: Group) => boolean): number =>
    groups.filter(fits).reduce((sum, group) => sum + group.names.length, 0);
  const failing = count((group) => group.outcome === "fails");
  const fixable = count((group) => group.outcome === "fails" && group.afterFix !== "fails");
  const mayFail = count((group) => group.outcome === "may-fail");
  const undecided = count((group) => group.outcome === "undecided");
  const parts = [
    plural(total, "program"),
    `${failing} will not run${fixable > 0 ? ` (${fixable} fixable)` : ""}`,
    `${mayFail} may fail`,
    ...(undecided > 0 ? [`${undecided} not decided`] : []),
    `${total - failing - mayFail - undecided} with nothing against them`,
  ];
  if (errors > 0) parts.push(`${errors} could not be read`);
  return `${paint.bold(parts.join(", "))}\n`;
}
