/** Known differences in Markdown: docs/differences is made of these, and `sandfit differences ID` prints one. */

import { answerIn, settings } from "../gvisor/differences/answers.js";
import {
  type ArgumentIs,
  type Cure,
  type Difference,
  type Kind,
  kinds,
  type Question,
  type Subject,
  subjects,
} from "../gvisor/differences/define.js";
import { differences } from "../gvisor/differences/index.js";
import { ranReleaseIds } from "../gvisor/gvisor.js";
import { type DifferenceReport, flagsWith, metInWords, type RemedyReport, reportDifference } from "./differences.js";
import { wrapped } from "./wrap.js";

/** What each kind is called. */
export const kindWords: Readonly<Record<Kind, string>> = {
  security: "accepted and void, and it protected somebody",
  silent: "accepted, and something else happens",
  dies: "a process is killed or hangs",
  refused: "refused",
  missing: "missing",
  value: "another answer",
};

/** One record in full words, under a heading of this depth. */
export function differenceSection(difference: Difference, depth = 1): string {
  const report = reportDifference(difference);
  const parts = [
    `${"#".repeat(depth)} ${difference.id}: ${difference.title}`,
    `**Kind.** ${kindWords[difference.kind]}.`,
    ...(difference.asks.length === 0 ? [] : [`**The question.** ${difference.asks.map(questionWords).join("; or ")}.`]),
    `**Linux answers** \`${report.linux.answer}\`${linuxBasis(report)}. **gVisor answers**, in runs of the probe:`,
    answersTable(difference),
    `**What follows.** ${report.consequence}.`,
    `**What helps.** ${report.remedies.length === 0 ? "Nothing that is known." : report.remedies.map(remedyWords).join("; ")}`,
    `**May the answer be made up for a program?** ${cureWords(report.cure)}`,
    ...(report.source.length === 0 ? [] : [`**In gVisor's source.** ${report.source.map((url) => `<${url}>`).join(", ")}`]),
    ...(report.reports.length === 0 ? [] : [`**Reports.** ${report.reports.map((url) => `<${url}>`).join(", ")}`]),
  ];
  return parts.map(wrapped).join("\n\n");
}

/** Every page below docs/differences: name → text. */
export function differencePages(): Map<string, string> {
  return new Map([
    ["README.md", indexPage(differences)],
    ...(Object.keys(subjects) as Subject[]).map((subject) => [`${subject}.md`, subjectPage(subject, differences)] as const),
    ...differences.filter(({ notice }) => notice !== undefined).map((one) => [`${one.id}.md`, noticePage(one)] as const),
  ]);
}

/** A page of a record's own: a security notice. */
function noticePage(difference: Difference): string {
  const [title, ...rest] = differenceSection(difference).split("\n\n");
  const paragraphs = (difference.notice ?? []).map(wrapped);
  return `${[title.replace(/^# \S+: /, "# Security notice: "), ...paragraphs, ...rest].join("\n\n")}\n`;
}

/** The page of one subject; the records' kinds from worst to least. */
function subjectPage(subject: Subject, all: readonly Difference[]): string {
  const own = byKind(all.filter((one) => one.subject === subject));
  const head = [
    `# Known differences: ${subjects[subject]}`,
    wrapped(
      "Each was seen in runs of a small probe on Linux and in the releases and platforms of gVisor named here. A cell gives the answer; where platforms differ it gives both. [All subjects](README.md).",
    ),
    overview(own, (one) => `[${one.id}](#${anchor(one)})`),
  ];
  return `${[...head, ...own.map((one) => differenceSection(one, 2))].join("\n\n")}\n`;
}

/** The list of subjects, and the silent ones, which nothing else tells. */
function indexPage(all: readonly Difference[]): string {
  const silent = byKind(all.filter(({ kind }) => kind === "security" || kind === "silent"));
  const rows = (Object.keys(subjects) as Subject[]).map((subject) => {
    const count = all.filter((one) => one.subject === subject).length;
    return `| [${subjects[subject]}](${subject}.md) | ${count} |`;
  });
  const notices = all.filter(({ notice }) => notice !== undefined);
  return `${[
    "# Known differences between Linux and gVisor",
    wrapped(
      `${all.length} questions to which gVisor answers otherwise than Linux, each with a probe that was run on Linux and in ${settings.map((setting) => setting.replace("/", " ")).join(", ")}. \`sandfit differences\` lists them, \`sandfit differences ID\` explains one, \`sandfit probe\` tries the harmless ones where it is run. These pages are written by \`npm run pages\`; test/proof/differences.test.ts holds them, and every answer, against new runs.`,
    ),
    wrapped(
      "A difference is no fault by itself: most programs have another way when they are refused. It is a suspect when a program fails in gVisor and not on Linux. What the pages say of programs that meet a difference is known of these programs, not from runs of them, where no report or run is named.",
    ),
    "| subject | differences |\n|---|---|\n".concat(rows.join("\n")),
    ...notices.map((one) => wrapped(`**Security notice:** [${one.title}](${one.id}.md).`)),
    "## The silent ones",
    wrapped("gVisor says yes, and does something else. No error and no log of the program tells."),
    overview(silent, (one) => `[${one.id}](${one.subject}.md#${anchor(one)})`),
  ].join("\n\n")}\n`;
}

const byKind = (some: readonly Difference[]) => kinds.flatMap((kind) => some.filter((one) => one.kind === kind));
const anchor = ({ id, title }: Difference) =>
  `${id}: ${title}`
    .toLowerCase()
    .replaceAll(/[^\w -]/g, "")
    .replaceAll(" ", "-");

function overview(some: readonly Difference[], link: (one: Difference) => string): string {
  const rows = some.map((one) => {
    const cells = ranReleaseIds.map((release) => releaseCell(one, release));
    return `| ${link(one)} | ${one.title} | ${one.linux.answer} | ${cells.join(" | ")} |`;
  });
  return [
    `| id | what | Linux | ${ranReleaseIds.join(" | ")} |`,
    `|---|---|---|${"---|".repeat(ranReleaseIds.length)}`,
    ...rows,
  ].join("\n");
}

function releaseCell({ id }: Difference, release: string): string {
  const answers = settings
    .filter((setting) => setting.startsWith(`${release}/`))
    .map((setting) => [setting.slice(release.length + 1), answerIn(id, setting)] as const);
  const [first] = answers;
  if (first === undefined) return "not run";
  return answers.every(([, answer]) => answer === first[1])
    ? String(first[1])
    : answers.map(([platform, answer]) => `${platform}: ${answer}`).join(", ");
}

const answersTable = (one: Difference): string =>
  [
    `| ${ranReleaseIds.join(" | ")} |`,
    `|${"---|".repeat(ranReleaseIds.length)}`,
    `| ${ranReleaseIds.map((release) => releaseCell(one, release)).join(" | ")} |`,
  ].join("\n");

function linuxBasis({ linux }: DifferenceReport): string {
  const since = linux.since === undefined ? "" : `, from ${linux.since} on`;
  return linux.basis === "run" ? since : `${since} (by its documentation; no run here could be held against it)`;
}

function remedyWords({ by, use, basis, answer, note }: RemedyReport): string {
  const remark = note === undefined ? "" : `; ${note}`;
  if (by === "release") return `gVisor from ${use} on (run: \`${answer}\`)`;
  if (by === "other") return `${use} (not run here)`;
  if (use.startsWith("--platform=")) return `runsc \`${use}\` (run: \`${answer}\`)`;
  return basis === "run"
    ? `runsc \`${use}\` (run with ${flagsWith}: \`${answer}\`${remark})`
    : `runsc \`${use}\` (not run here${remark})`;
}

function cureWords(cure: Cure): string {
  if (cure.how === "never") return `Never, for ${cure.reason}: ${cure.because}.`;
  if (cure.how === "none") return `No answer would help: ${cure.because}.`;
  if (cure.how === "answer") return `Yes: ${cure.answer}.`;
  if (cure.how === "without") return `Yes, the same call without ${cure.drop}.`;
  return cure.constant ? `Yes, as a file with \`${JSON.stringify(cure.content)}\`.` : `Yes, as a file: ${cure.content}.`;
}

function questionWords({ call, args, path, of, answers }: Question): string {
  const name = call === undefined ? "any call" : typeof call === "string" ? call : call.join(", ");
  const conditions = Object.entries(args ?? {}).map(([position, is]) => `argument ${Number(position) + 1} ${conditionWords(is)}`);
  const about = path === undefined ? "" : ` of \`${path}\``;
  const made = of === undefined ? "" : `, on what ${questionWords(of)} made`;
  const result = answers === undefined ? "" : `, answered ${answers.join(" or ")}`;
  return `${call === undefined ? name : `\`${name}\``}${about}${conditions.length === 0 ? "" : ` with ${conditions.join(" and ")}`}${made}${result}`;
}

function conditionWords(is: ArgumentIs): string {
  if (typeof is === "number") return hex(is);
  if (typeof is === "string") return `"${is}"`;
  if ("bits" in is) return `with a bit of ${hex(is.bits)}`;
  if ("not" in is) return `other than ${is.not.map(hex).join(", ")}`;
  return is.map(hex).join(" or ");
}
const hex = (number: number): string => (number >>> 0 < 1000 ? String(number) : `0x${(number >>> 0).toString(16)}`);

/** One line a record, for a terminal: id, kind, what, where. */
export function differencesList(some: readonly Difference[]): string {
  const width = Math.max(...some.map(({ id }) => id.length));
  return some.map((one) => `${one.id.padEnd(width)}  ${one.kind.padEnd(8)}  ${one.title}${inWords(one)}\n`).join("");
}
const inWords = (one: Difference): string => (metInWords(one) === "all" ? "" : ` (${metInWords(one)})`);
