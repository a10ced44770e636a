/** The job summary, in Markdown: one row per program, and what the runs showed; and a table for the log. */

/** GitHub takes 1 MiB a step; tables longer than this say how many lines are left out. */
const MOST_ROWS = 500;

const words = { runs: "nothing found", undecided: "not decided", "may-fail": "may fail", fails: "**will not run**" };
/** Text from file names and errors, so that it stays text. */
const plain = (text) => text.replace(/[\\`*_{}[\]<>()#+!|~]/g, "\\$&").replace(/\s+/g, " ");

/** The table's first columns for the job's log, which is plain text. */
export function renderLog(files) {
  const rows = files.map((file) => ("error" in file ? [file.name, "could not be read"] : [file.name, ...wordsFor(file)]));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line that begins with :: is a command to the runner
  const safe = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "?").replace(/^::/, " ::");
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => safe(row[column]).length)));
  const line = (row) =>
    row
      .map((cell, i) => (i < 2 ? safe(cell).padEnd(widths[i]) : cell))
      .join("  ")
      .trimEnd();
  return `Sandfit: ${countWords(files)}\n${rows.map((row) => `${line(row)}\n`).join("")}`;
}

/** The worst of all parts, what a fix leaves of it, and the rules. */
function wordsFor(file) {
  const verdicts = file.views.flatMap((view) => Object.values(view.verdicts));
  const [outcome, after] = ["outcome", "afterFix"].map((key) => worst(verdicts.map((verdict) => verdict[key])));
  const fixed = after === outcome ? "" : after === "runs" ? "runs after fix" : `${bare(words[after])} after fix`;
  return [bare(words[outcome]), fixed, rulesOf(file).join(", ")];
}

const OUTCOMES = ["runs", "undecided", "may-fail", "fails"];
const worst = (all) => OUTCOMES[Math.max(0, ...all.map((one) => OUTCOMES.indexOf(one)))];
const bare = (text) => text.replaceAll("*", "");
const rulesOf = (file) => [...new Set(file.views.flatMap((view) => view.findings.map(({ rule }) => rule)))];

/**
 * `files` and `target` as `check --json` has them; `runs`: one a program that was started, `{ path, name, runs }`, as `report --run` has
 * them.
 */
export function renderSummary({ files, runs, target: { release, platforms } }) {
  const rows = files.map((file) => rowOf(file, platforms));
  const parts = [`## Sandfit: ${countWords(files)}\n\nFor gVisor ${release}.\n\n`];
  parts.push(table(["program", ...platforms, "after `sandfit fix`", "rules"], rows));
  if (runs.length > 0) {
    const places = [...new Set(runs.flatMap((one) => one.runs?.rows.map(({ id }) => id) ?? []))];
    parts.push(
      "\n### Run on this runner\n\nThe original; behind it the fixed program. What is not as on the runner itself is **bold**.\n\n",
      table(
        ["program", ...places],
        runs.map((one) => runRow(one, places)),
      ),
    );
    const notRun = new Map(runs.flatMap((one) => one.runs?.notRun ?? []).map(({ id, reason }) => [id, reason]));
    for (const [id, reason] of notRun) parts.push(`\nNot run: ${plain(id)} (${plain(reason)})\n`);
  }
  return parts.join("");
}

function rowOf(file, platforms) {
  if ("error" in file) return [plain(file.name), `**error**: ${plain(file.error)}`, ...platforms.slice(1).map(() => ""), "", ""];
  const cells = platforms.map((platform) => words[worst(file.views.map((view) => view.verdicts[platform]?.outcome ?? "runs"))]);
  const after = worst(file.views.flatMap((view) => Object.values(view.verdicts).map(({ afterFix }) => afterFix)));
  return [plain(file.name), ...cells, words[after], rulesOf(file).join(", ")];
}

/** A program in each place: how the original ended, and how the fixed one did. */
function runRow({ name, runs }, places) {
  return [
    plain(name),
    ...places.map((place) => {
      const row = runs?.rows.find(({ id }) => id === place);
      return row === undefined
        ? "not started"
        : [row.original, row.fixed]
            .filter((one) => one != null)
            .map(ended)
            .join(" → ");
    }),
  ];
}

function ended({ endings, sameAsHost }) {
  const text = plain(endings.join(", "));
  return sameAsHost === false ? `**${text}**` : text;
}

function countWords(files) {
  const counts = { fails: 0, "may-fail": 0, undecided: 0, error: 0 };
  for (const file of files) {
    const all = (file.views ?? []).flatMap((view) => Object.values(view.verdicts).map(({ outcome }) => outcome));
    if ("error" in file) counts.error++;
    else if (all.includes("fails")) counts.fails++;
    else if (all.includes("may-fail")) counts["may-fail"]++;
    else if (all.includes("undecided")) counts.undecided++;
  }
  const parts = [`${files.length - counts.error} programs`, `${counts.fails} will not run`, `${counts["may-fail"]} may fail`];
  if (counts.undecided > 0) parts.push(`${counts.undecided} not decided`);
  return [...parts, ...(counts.error > 0 ? [`${counts.error} could not be read`] : [])].join(", ");
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  const left = rows.length > MOST_ROWS ? `\n… ${rows.length - MOST_ROWS} more in the SARIF file\n` : "";
  return line(head) + line(head.map(() => "---")) + rows.slice(0, MOST_ROWS).map(line).join("") + left;
}
