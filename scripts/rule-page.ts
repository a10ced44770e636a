/**
 * The pages of the rules. src/rules/<id>/page.md is written by hand, but for the block on top: that comes from the rule's record and from
 * the runs in src/gvisor/releases, and `npm run pages` brings it up to date.
 */

import { basisOf, type Consequence, consequenceIn } from "../src/gvisor/behaviour.js";
import { programsShowing } from "../src/gvisor/evidence.js";
import { platforms, type Release, releases } from "../src/gvisor/gvisor.js";
import { wrapped } from "../src/report/wrap.js";
import type { Rule } from "../src/rules/define.js";

const BEGIN = "<!-- From rule.ts and the recorded runs, by `npm run pages`, as far as the next comment. -->";
const END = "<!-- By hand from here on. -->";

/** What the hand-written part has for headings; the last one only where there is no probe. */
export const headings = ["What the program does", "How Sandfit knows", "What to do", "Evidence", "Why there is no probe"];

/** The page with its block as it has to be. A page that has none, or is empty, gets one. */
export function refreshed(page: string, rule: Rule): string {
  const end = page.indexOf(END);
  const byHand = end < 0 ? page : page.slice(end + END.length);
  return `${[BEGIN, ...block(rule).filter(Boolean).map(wrapped), END].join("\n\n")}\n\n${byHand.trimStart()}`;
}

/** The headings of a page for a person to fill in. */
export function skeleton({ probe }: Rule): string {
  return headings
    .slice(0, probe === undefined ? undefined : -1)
    .map((heading) => `## ${heading}\n`)
    .join("\n");
}

function block({ id, words, behaviour, fixable, probe }: Rule): string[] {
  const repair = fixable ? "`sandfit fix` can repair it." : "`sandfit fix` does not repair it.";
  return [
    `# ${id}: ${words.title}`,
    "## What gVisor does",
    words.why,
    table(id, behaviour),
    shownBy(id, behaviour),
    probe === undefined ? repair : `${repair} \`sandfit probe\` tries whether it bites here, as \`${probe.id}\`.`,
    words.links.length === 0 ? "" : `References:\n\n${words.links.map((link) => `- <${link}>`).join("\n")}`,
  ];
}

const resultWords: Record<Consequence, string> = { runs: "runs", "may-fail": "may fail", fails: "fails" };

/** What becomes of programs with it, by release and platform, and what of that was seen. */
function table(rule: string, behaviour: Rule["behaviour"]): string {
  const cell = (release: Release, platform: (typeof platforms)[number]) => {
    const result = resultWords[consequenceIn(behaviour, release, platform)];
    return basisOf(rule, behaviour, release, platform) === "run" ? `${result}, seen in a run` : result;
  };
  const rows = releases.map(
    (release) => `| ${release.id} | ${platforms.map((platform) => cell(release, platform)).join(" | ")} |`,
  );
  return [`| gVisor | ${platforms.join(" | ")} |`, `|---|${"---|".repeat(platforms.length)}`, ...rows].join("\n");
}

/** The programs of the tests behind "seen in a run". */
function shownBy(rule: string, behaviour: Rule["behaviour"]): string {
  const cells = releases.flatMap((release) => platforms.map((platform) => [release, platform] as const));
  const programs = cells.flatMap(([release, platform]) => {
    if (basisOf(rule, behaviour, release, platform) !== "run") return [];
    const outcome = consequenceIn(behaviour, release, platform) === "runs" ? "runs" : "fails";
    return programsShowing(rule, release.id, platform, outcome);
  });
  const names = [...new Set(programs)].sort().map((name) => `\`${name}\``);
  return names.length === 0 ? "" : `Run there, as recorded in \`src/gvisor/releases\`: ${names.join(", ")}.`;
}

/** docs/rules/README.md: every page with its title. */
export function indexPage(rules: readonly Rule[]): string {
  const rows = rules.map(
    ({ id, words, fixable }) => `| [${id}](../../src/rules/${id}/page.md) | ${words.title} | ${fixable ? "yes" : ""} |`,
  );
  return [
    "# The rules",
    "Each rule's page is beside its code. `sandfit rules ID` prints it. [Myths](myths.md) lists what does not fail in gVisor.",
    ["| rule | what it is about | `sandfit fix` repairs it |", "|---|---|---|", ...rows].join("\n"),
    "",
  ]
    .join("\n\n")
    .replace(/\n\n$/, "\n");
}
