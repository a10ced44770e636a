/** The job summary, in Markdown: one line a program, and what the runs showed. */

/** GitHub takes 1 MiB a step; tables longer than this say how many lines are left out. */
const MOST_ROWS = 500;

const words = { runs: "runs", undecided: "not decided", "may-fail": "may fail", fails: "**will not run**" };
/** Text from file names and errors, so that it stays text. */
const plain = (text) => text.replace(/[\\`*_{}[\]<>()#+!|~]/g, "\\$&").replace(/\s+/g, " ");

/** `files` as `check --json` has them; `runs`: one a program that was started, `{ path, name, runs }`, as `report --run` has them. */
export function renderSummary({ files, runs, target }) {
  const rows = files.flatMap(rowsOf);
  const parts = [`## Sandfit: ${countWords(files)}\n\nFor gVisor ${plain(target)}.\n\n`];
  parts.push(table(["program", "machine", "in gVisor", "after `sandfit fix`", "rules"], rows));
  if (runs.length > 0) {
    parts.push(
      "\n### Run on this runner\n\n",
      table(["program", "place", "as it is", "fixed", "same as on the runner"], runs.flatMap(runRows)),
    );
    const notRun = new Map(runs.flatMap((one) => one.runs?.notRun ?? []).map(({ id, reason }) => [id, reason]));
    for (const [id, reason] of notRun) parts.push(`\nNot run: ${plain(id)} (${plain(reason)})\n`);
  }
  return parts.join("");
}

function rowsOf(file) {
  if ("error" in file) return [[plain(file.name), "", `**error**: ${plain(file.error)}`, "", ""]];
  return file.views.map((view) => {
    const platforms = Object.entries(view.verdicts);
    const rules = [...new Set(view.findings.map(({ rule }) => rule))];
    return [
      plain(file.name),
      view.machine,
      perPlatform(platforms, "outcome"),
      perPlatform(platforms, "afterFix"),
      rules.join(", "),
    ];
  });
}

/** One word where all platforms agree. */
function perPlatform(platforms, key) {
  const all = new Set(platforms.map(([, verdict]) => verdict[key]));
  if (all.size === 1) return words[[...all][0]];
  return platforms.map(([platform, verdict]) => `${platform} ${words[verdict[key]]}`).join(", ");
}

function runRows({ name, runs }) {
  if (runs === null) return [[plain(name), "", "not for this machine", "", ""]];
  return runs.rows.map(({ id, original, fixed }) => [
    plain(name),
    id,
    original.endings.join(", "),
    fixed ? fixed.endings.join(", ") : "",
    `${yesOrNo(original.sameAsHost)}${fixed ? `, fixed: ${yesOrNo(fixed.sameAsHost)}` : ""}`,
  ]);
}

const yesOrNo = (same) => (same === undefined ? "not known" : same ? "yes" : "**no**");

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
