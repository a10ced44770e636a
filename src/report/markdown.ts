/** An investigation as one Markdown document. Builds a string; nothing in it comes from anywhere but the investigation and the rules' words. */

import { outcomeOf, type Verdict } from "../check/model.js";
import { undecidedWords } from "../code/doubts.js";
import type { Here, InvestigatedProgram, Investigation } from "../diagnose/investigation/model.js";
import type { Outcome } from "../environments/verify-model.js";
import type { Platform } from "../gvisor/gvisor.js";
import type { Finding, Site } from "../rules/define.js";
import { ruleOf } from "../rules/index.js";
import { summaryOf } from "./finding-words.js";
import { alternativesOf, notCausesOf, recommendationsOf } from "./investigation-words.js";
import { evidenceSection } from "./markdown-evidence.js";
import { code, inline, table } from "./markdown-text.js";
import { bytesWords, evidenceOf, outcomeWords, plural, runtimeWords, spaced } from "./words.js";

/** Sites of a finding that are shown, one of each role first. */
const MOST_SITES = 5;
/** Programs that get sections of their own behind a table; the table has all. */
const MOST_PROGRAMS = 50;

/** The whole document; ends with a line feed. */
export function renderMarkdown(investigation: Investigation): string {
  const { subject, programs, errors } = investigation;
  const lines = [
    `# ${code(subject.name)} in gVisor`,
    "",
    `Made by Sandfit ${investigation.sandfit} on ${investigation.made}, on ${investigation.machine}. ` +
      `It speaks about gVisor ${investigation.target.release}, ${investigation.target.platforms.join(", ")}. ` +
      "What is marked “not run here” was not run for this report.",
    "",
  ];
  if (subject.kind === "file" && programs.length === 1) lines.push(...sectionsOf(programs[0], investigation, "##"));
  else lines.push(...overview(investigation));
  if (errors.length > 0) {
    lines.push("## Not read", "", ...errors.map(({ name, error }) => `- ${code(name)}: ${inline(error)}`), "");
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

function overview(investigation: Investigation): string[] {
  const { programs, here } = investigation;
  const lines = ["## Summary", "", `${plural(programs.length, "program")}. ${countsOf(programs)}`, ""];
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
  return [
    `${level} Summary`,
    "",
    ...summary(program),
    ...(findings.length === 0 ? [] : [`${level} Root cause`, "", ...alikeTogether(findings).flatMap(rootCause)]),
    ...section(
      `${level} What is not the cause`,
      notCausesOf(findings).map((one) => `- ${one}`),
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
    const verdicts = Object.entries(view.verdicts) as [Platform, Verdict][];
    const words = verdicts.map(([platform, verdict]) => `${platform}: ${verdictWords(verdict)}`).join("; ");
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

function rootCause(alike: readonly Finding[]): string[] {
  const [finding] = alike;
  const { words } = ruleOf(finding.rule);
  const shown = someOfEachRole(finding.sites);
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
  for (const site of sites) {
    const some = roles.get(site.role);
    if (some === undefined) roles.set(site.role, [site]);
    else some.push(site);
  }
  const most = Math.max(1, Math.floor(MOST_SITES / Math.max(1, roles.size)));
  return [...roles.values()].flatMap((some) => some.slice(0, most));
}

/** The two lists: where it runs and where it does not, each from a run or marked as expected. */
function status({ report, runs }: InvestigatedProgram): string[] {
  const does: string[] = [];
  const doesNot: string[] = [];
  const open: string[] = [];
  if (runs === null) {
    for (const view of report.views) {
      for (const [platform, verdict] of Object.entries(view.verdicts) as [Platform, Verdict][]) {
        const words = `${view.machine} on gVisor, ${platform}: ${outcomeWords[verdict.outcome]} (not run here)`;
        (verdict.outcome === "runs" ? does : verdict.outcome === "undecided" ? open : doesNot).push(words);
      }
    }
  } else {
    for (const row of runs.rows) {
      note(row.id, "as it is", row.original);
      if (row.fixed !== undefined) note(row.id, "fixed", row.fixed);
    }
  }
  function note(id: string, which: string, outcome: Outcome): void {
    const words = `${id}, ${which}: ${outcome.endings.join(", ")}`;
    if (outcome.sameAsHost === false) doesNot.push(`${words}; differs in ${outcome.differences.join(", ")}`);
    else does.push(words);
  }
  return [
    ...section(
      "Runs:",
      does.map((one) => `- ${inline(one)}`),
    ),
    ...section(
      "Does not run, or not as on plain Linux:",
      doesNot.map((one) => `- ${inline(one)}`),
    ),
    ...section(
      "Not decided:",
      open.map((one) => `- ${inline(one)}`),
    ),
    ...section(
      "Not run here:",
      (runs?.notRun ?? []).map(({ id, reason }) => `- ${inline(`${id}: ${reason}`)}`),
    ),
  ];
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
