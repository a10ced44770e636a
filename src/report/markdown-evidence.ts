/** The section of an investigation that shows what was run and what came out. */

import { printable, quoted } from "../bytes/printable.js";
import type { InvestigatedProgram } from "./investigation.js";
import { code, fenced, inline } from "./markdown-text.js";
import type { Outcome } from "./verify-model.js";

/** Lines of a program's output that are shown. */
const MOST_LINES = 12;

/** The commands that were run, and what they printed. */
export function evidenceSection({ report, runs }: InvestigatedProgram, level: string): string[] {
  if (runs === null) {
    return [
      `${level} Testing evidence`,
      "",
      "Nothing was executed for this report; the findings rest on the file's bytes. `sandfit report --run` runs it.",
      "",
    ];
  }
  const lines = [
    `${level} Testing evidence`,
    "",
    "Each run started in a folder of its own. Commands that printed and ended alike stand together." +
      (runs.fixed === null ? "" : ` ${code(runs.fixed)} is what \`sandfit fix\` writes.`),
    "",
  ];
  const groups = new Map<string, { commands: string[]; outcome: Outcome }>();
  const add = (launcher: readonly string[], program: readonly string[], outcome: Outcome) => {
    const command = `$ ${[...launcher, ...program, ...runs.args].map(quoted).join(" ")}`;
    const key = JSON.stringify([outcome.endings, outcome.printed]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { commands: [command], outcome });
    else group.commands.push(command);
  };
  for (const { launcher, original } of runs.rows)
    add(launcher, [...(report.kind === "ape" ? ["sh"] : []), placed(runs.original)], original);
  for (const { launcher, fixed } of runs.rows) if (fixed) add(launcher, [placed(runs.fixed ?? "")], fixed);
  for (const { commands, outcome } of groups.values()) {
    const { stdout, stderr } = outcome.printed;
    lines.push(
      ...fenced([
        ...commands.map(printable),
        ...linesOf(stdout, ""),
        ...linesOf(stderr, "[stderr] "),
        `[${outcome.endings.join(", ")}]`,
      ]),
      "",
    );
  }
  for (const remark of runs.remarks) lines.push(`- ${inline(remark)}`);
  lines.push("");
  return lines;
}

/** A path that a shell does not look for in PATH. */
const placed = (path: string) => (path.includes("/") ? path : `./${path}`);

function linesOf(text: string, mark: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const shown = lines.slice(0, MOST_LINES).map((line) => `${mark}${printable(line.slice(0, 300))}`);
  return lines.length > MOST_LINES ? [...shown, `${mark}… ${lines.length - MOST_LINES} more lines`] : shown;
}
