/** A rule explained, in Markdown: docs/rules/<id>.md is this, and `sandfit rules ID` prints it. */

import { basisOf, type Consequence, consequenceIn } from "../gvisor/behaviour.js";
import { programsShowing } from "../gvisor/evidence.js";
import { platforms, type Release, releases } from "../gvisor/gvisor.js";
import type { Rule } from "../rules/define.js";
import { wrapped } from "./wrap.js";

/** The page; ends with a line feed. */
export function rulePage({ id, words, behaviour, fixable, probe }: Rule): string {
  const { page } = words;
  const parts = [
    `# ${id}: ${words.title}`,
    `**What the program does.** ${page.program}`,
    `**What gVisor does.** ${words.why}`,
    table(id, behaviour),
    shownBy(id, behaviour),
    `**How Sandfit knows.** ${page.known}`,
    `**What to do${fixable ? "" : " (`sandfit fix` does not repair it)"}.** ${page.remedy}`,
    `**Does it bite here?** ${probe === undefined ? (page.unprobed ?? "") : `\`sandfit probe\` tries it, as \`${probe.id}\`.`}`,
    `**Evidence.** ${page.evidence}`,
    words.links.length === 0 ? "" : `**References.**\n\n${words.links.map((link) => `- <${link}>`).join("\n")}`,
  ];
  return `${parts.filter(Boolean).map(wrapped).join("\n\n")}\n`;
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
