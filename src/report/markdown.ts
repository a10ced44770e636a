/** An investigation as one Markdown document. Builds a string; nothing in it comes from anywhere but the investigation and the rules' words. */

import { outcomeOf, type Verdict, type ViewReport } from "../check/model.js";
import { undecidedWords } from "../code/doubts.js";
import type { Platform } from "../gvisor/gvisor.js";
import type { Finding, Site } from "../rules/define.js";
import { ruleOf } from "../rules/index.js";
import { summaryOf } from "./finding-words.js";
import { headlineOf, verdictsOf } from "./headline.js";
import type { Here, InvestigatedProgram, Investigation } from "./investigation.js";
import { alternativesOf, notCausesOf, recommendationsOf } from "./investigation-words.js";
import { likeliestFirst } from "./likeliest-site.js";
import { evidenceSection } from "./markdown-evidence.js";
import { code, inline, table } from "./markdown-text.js";
import type { Outcome } from "./verify-model.js";
import { bytesWords, evidenceOf, listed, outcomeWords, plural, runtimeWords, spaced, strengthOf, worstEffect } from "./words.js";

/** Sites of a finding that are shown, one of each role first. */
const MOST_SITES = 5;
/** Programs that get sections of their own behind a table; the table has all. */
const MOST_PROGRAMS = 50;

/** The whole document; ends with a line feed. */
export function renderMarkdown(investigation: Investigation): string {
  const { subject, programs, errors } = investigation;
  const isOne = subject.kind === "file" && programs.length === 1;
  const lines = [
    `# ${code(subject.name)} in gVisor`,
    "",
    `**${isOne ? inline(resultOf(programs[0])) : `${plural(programs.length, "program")}: ${countsOf(programs)}`}**`,
    "",
    `Made by Sandfit ${investigation.sandfit} on ${dateWords(investigation.made)}, on ${investigation.machine}. ` +
      `It speaks about gVisor ${investigation.target.release}, ${investigation.target.platforms.join(", ")}. ` +
      "What is marked “not run here” was not run for this report.",
    "",
  ];
  if (isOne) lines.push(...sectionsOf(programs[0], investigation, "##"));
  else lines.push(...overview(investigation));
  if (errors.length > 0) {
    lines.push("## Not read", "", ...errors.map(({ name, error }) => `- ${code(name)}: ${inline(error)}`), "");
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

/** "2026-11-30 06:34 UTC" of an ISO date. */
const dateWords = (iso: string): string => iso.replace(/^([\d-]+)T(\d+:\d+).*$/, "$1 $2 UTC");

function overview(investigation: Investigation): string[] {
  const { programs, here } = investigation;
  const lines = ["## Summary", ""];
  if (programs.length > 0) {
    const rows = programs.map((program) => [
      code(program.report.name),
      outcomeWords[outcomeOf(program.report)],
      rulesOf(program).map(code).join(", ") || "nothing found",
      repairWords(program),
    ]);
    lines.push(...table(["program", "in gVisor", "because of", "repair"], rows));
  }
  if (here !== null) lines.push("## This environment", "", ...hereLines(here));
  const telling = programs.filter((program) => outcomeOf(program.report) !== "runs");
  for (const program of telling.slice(0, MOST_PROGRAMS)) {
    lines.push(`## ${code(program.report.name)}`, "", ...sectionsOf(program, { ...investigation, here: null }, "###"));
  }
  if (telling.length > MOST_PROGRAMS) {
    lines.push(
      `${telling.length - MOST_PROGRAMS} more programs are in the table only; \`sandfit report\` on each says more.`,
      "",
    );
  }
  return lines;
}

function countsOf(programs: readonly InvestigatedProgram[]): string {
  const count = (outcome: Verdict["outcome"]) => programs.filter((program) => outcomeOf(program.report) === outcome).length;
  const possible = programs.filter((program) => program.repair.kind === "possible").length;
  const open = count("undecided") > 0 ? ` ${count("undecided")} not decided,` : "";
  return `${count("fails")} will not run, ${count("may-fail")} may fail,${open} against ${count("runs")} nothing was found; \`sandfit fix\` can change ${possible}.`;
}

const rulesOf = (program: InvestigatedProgram) => [
  ...new Set(program.report.views.flatMap((view) => view.findings.map((one) => one.rule))),
];

function repairWords({ repair }: InvestigatedProgram): string {
  if (repair.kind === "possible") return `possible: ${plural(repair.edits, "edit")}, ${bytesWords(repair.bytes)}`;
  return repair.kind === "refused" ? "refused" : "none needed";
}

function sectionsOf(program: InvestigatedProgram, { here }: Investigation, level: string): string[] {
  const findings = program.report.views.flatMap((view) => view.findings);
  // What runs all the same is no cause.
  const causes = findings.filter((finding) => worstEffect(finding) !== "runs");
  const others = findings.filter((finding) => worstEffect(finding) === "runs");
  return [
    `${level} Summary`,
    "",
    ...summary(program),
    ...section(`${level} Root cause`, alikeTogether(causes).flatMap(findingLines)),
    ...section(`${level} Also found, and not the cause`, alikeTogether(others).flatMap(findingLines)),
    ...section(
      `${level} What is not the cause`,
      notCausesOf(causes).map((one) => `- ${one}`),
    ),
    `${level} Environment status`,
    "",
    ...status(program),
    ...(here === null ? [] : ["This environment:", "", ...hereLines(here)]),
    ...alternatives(program, level),
    ...recommendations(program, level),
    ...section(`${level} References`, references(findings)),
    ...evidenceSection(program, level),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, "", ...lines, ""];
}

function summary({ report, sha256, repair }: InvestigatedProgram): string[] {
  const lines = table(
    ["", ""],
    [
      ["file", code(report.name)],
      ["size", bytesWords(report.size)],
      ["SHA-256", code(sha256)],
      ["what it is", inline(report.description)],
    ],
  );
  for (const view of report.views) {
    const runtime = runtimeWords(view.runtime);
    const alike = new Map<string, Platform[]>();
    for (const [platform, verdict] of verdictsOf(view)) {
      const words = verdictWords(verdict);
      alike.set(words, [...(alike.get(words) ?? []), platform]);
    }
    const words = [...alike].map(([one, platforms]) => `${listed(platforms)}: ${one}`).join("; ");
    lines.push(`- **${view.machine}, ${view.type}${runtime === undefined ? "" : ` (${runtime})`}**: ${words}.`);
  }
  for (const { machine, undecided } of report.views) {
    if (undecided.length > 0) lines.push(`- **${machine}**: ${undecidedWords(undecided)}.`);
  }
  if (repair.kind === "possible") {
    lines.push(`- **Repair**: \`sandfit fix\` changes ${bytesWords(repair.bytes)} in ${plural(repair.edits, "place")}.`);
  }
  for (const reason of repair.refusals) lines.push(`- **Repair refused**: ${inline(reason)}.`);
  for (const warning of repair.warnings) lines.push(`- **Note**: ${inline(warning)}.`);
  lines.push("");
  return lines;
}

function verdictWords({ outcome, afterFix, basis }: Verdict): string {
  const after = afterFix === outcome ? "" : afterFix === "runs" ? ", `sandfit fix` repairs it" : ", `sandfit fix` repairs a part";
  const how = basis === "source" ? " (from gVisor's source, not run)" : "";
  return `${outcomeWords[outcome]}${after}${how}`;
}

/** A finding that two architectures of a fat file share word for word is told once. */
function alikeTogether(findings: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.rule, finding.facts, finding.sites]);
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()];
}

function findingLines(alike: readonly Finding[]): string[] {
  const [finding] = alike;
  const { words } = ruleOf(finding.rule);
  const shown = someOfEachRole(likeliestFirst(finding.sites));
  const rows = shown.map((site) => [
    site.address === undefined ? "" : code(`0x${site.address.toString(16)}`),
    code(`0x${site.fileOffset.toString(16)}`),
    code(site.bytes.length > 48 ? `${spaced(site.bytes.slice(0, 48))} …` : spaced(site.bytes)),
    code(site.text),
    site.inFunction === undefined ? "" : code(site.inFunction),
    inline(`${site.role}; ${evidenceOf(site)}`),
  ]);
  const hidden = finding.sites.length - shown.length;
  return [
    `**${finding.rule}** (${alike.map((one) => one.machine).join(" and ")}): ${words.title}. ${inline(summaryOf(finding))}.`,
    "",
    inline(words.why),
    "",
    ...(rows.length === 0 ? [] : table(["address", "file offset", "bytes", "instruction", "function", "what it is"], rows)),
    ...(hidden > 0 ? [`${plural(hidden, "more place")}: \`sandfit check --all\`.`, ""] : []),
  ];
}

function someOfEachRole(sites: readonly Site[]): Site[] {
  const roles = new Map<string, Site[]>();
  for (const site of [...sites].sort((one, other) => strengthOf(other) - strengthOf(one))) {
    const some = roles.get(site.role);
    if (some === undefined) roles.set(site.role, [site]);
    else some.push(site);
  }
  const most = Math.max(1, Math.floor(MOST_SITES / Math.max(1, roles.size)));
  return [...roles.values()].flatMap((some) => some.slice(0, most));
}

/** A line a place, what came out of the original and of the fixed program; where nothing was run, what is expected. */
function status({ report, runs, repair }: InvestigatedProgram): string[] {
  const rows =
    runs === null
      ? report.views.flatMap((view) => expectedRows(view, repair.kind === "possible"))
      : runs.rows.map(({ id, original, fixed }) => [id, came(original), fixed === undefined ? "" : came(fixed)]);
  const hasFixed = rows.some(([, , fixed]) => fixed !== "");
  const cells = rows.map((row) => (hasFixed ? row : row.slice(0, 2)).map(inline));
  return [
    ...(runs === null ? ["Expected from the file's bytes; nothing was run for it.", ""] : []),
    ...table(["place", "original", ...(hasFixed ? ["fixed"] : [])], cells),
    ...section(
      "Not run here:",
      (runs?.notRun ?? []).map(({ id, reason }) => `- ${inline(`${id}: ${reason}`)}`),
    ),
  ];
}

function expectedRows(view: ViewReport, isFixable: boolean): string[][] {
  return verdictsOf(view).map(([platform, { outcome, afterFix }]) => [
    `${view.machine === "any" ? "" : `${view.machine} on `}gVisor, ${platform} (not run here)`,
    outcomeWords[outcome],
    isFixable ? outcomeWords[afterFix] : "",
  ]);
}

function came({ endings, sameAsHost, differences }: Outcome): string {
  const ended = endings.map((one) => one.replace(/^exit /, "ended with ").replace(/^SIG/, "died of SIG")).join(", ");
  if (sameAsHost === undefined) return `${ended}; no plain Linux to compare with`;
  return sameAsHost ? `${ended}, as on plain Linux` : `${ended}; differs in ${differences.join(", ")}`;
}

/** One or two sentences at the top: what is found in the file, and what the runs showed. */
function resultOf({ report, runs }: InvestigatedProgram): string {
  const headline = headlineOf(report);
  const found = `${headline.charAt(0).toUpperCase()}${headline.slice(1)}.`;
  const compared = runs?.rows.filter(({ original }) => original.sameAsHost !== undefined) ?? [];
  if (compared.length === 0) return found;
  const count = (which: "original" | "fixed") => compared.filter((row) => row[which]?.sameAsHost === true).length;
  const fixed = compared.some((row) => row.fixed !== undefined) ? `, the fixed program in ${count("fixed")}` : "";
  return `${found} Run in ${plural(compared.length, "environment")}, the original did in ${count("original")} what it does on plain Linux${fixed}.`;
}

function hereLines({ words, signals, refuses }: Here): string[] {
  const refused = refuses.map(({ id, result }) => `${code(id)} ${inline(result)}`);
  return [
    `- ${inline(words)}${signals.length === 0 ? "" : ` (${signals.map(inline).join("; ")})`}`,
    `- ${refuses.length === 0 ? "Nothing that was probed is refused." : `Refused, or answered in another way than by plain Linux: ${refused.join(", ")}.`}`,
    "",
  ];
}

function alternatives(program: InvestigatedProgram, level: string): string[] {
  const rows = alternativesOf(program).map(({ what, cost, tried }) => [inline(what), inline(cost), inline(tried)]);
  return rows.length === 0 ? [] : [`${level} Alternatives`, "", ...table(["what", "what it costs", "tried here?"], rows)];
}

function recommendations(program: InvestigatedProgram, level: string): string[] {
  const { now, later } = recommendationsOf(program);
  if (now.length + later.length === 0) return [];
  return [
    `${level} Recommendations`,
    "",
    ...section(
      "Now:",
      now.map((one) => `- ${inline(one)}`),
    ),
    ...section(
      "Later:",
      later.map((one) => `- ${inline(one)}`),
    ),
  ];
}

function references(findings: readonly Finding[]): string[] {
  const links = new Set(findings.flatMap((finding) => ruleOf(finding.rule).words.links));
  return [...links].map((link) => `- <${link}>`);
}
