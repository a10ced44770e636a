/** The table of a verification, and the sentences under it. */

import Table from "cli-table3";
import type { Paint } from "./paint.js";
import { changeHere, type Outcome, resultOf, type VerifyReport } from "./verify-model.js";

/** One row an environment, what was not run below; ends with a line feed. */
export function renderVerify(report: VerifyReport, paint: Paint): string {
  const two = report.fixed !== null;
  const table = new Table({
    head: ["environment", "original", ...(two ? ["fixed"] : []), "same as the host?"],
    style: { head: [], border: [], compact: true },
  });
  for (const row of report.rows) {
    const judged = row.fixed ?? row.original;
    table.push([row.id, cell(row.original), ...(row.fixed ? [cell(row.fixed)] : []), same(judged, paint)]);
  }
  let text = `${table.toString()}\n`;
  for (const { id, reason } of report.notRun) text += `${paint.dim(`not run here: ${id} (${reason})`)}\n`;
  for (const remark of report.remarks) text += `${paint.yellow("remark")} ${remark}\n`;
  return text + result(report, paint);
}

function result(report: VerifyReport, paint: Paint): string {
  const name = report.fixed ?? report.original;
  const change = changeHere(report);
  const onHost = report.rows[0]?.original;
  switch (resultOf(report)) {
    case "passed":
      return `${paint.green("passed")} ${name} does in all ${report.rows.length} environments what ${report.original} does on the host\n`;
    case "helped":
      return `${paint.green("passed here:")} ${change}\n`;
    case "open":
      return `${paint.yellow("not decided")} ${change ?? `${name} was run in here only`}\n`;
    case "failed":
      if (change !== undefined) return `${paint.red("not passed")} ${change}\n`;
      if (report.fixed === null && onHost?.endings.every((ending) => ending === "exit 0") && onHost.sameAsHost)
        return `${paint.red("not passed")} gVisor would break ${name}: ${broken(report)}\n`;
      if (report.fixed === null && broken(report) !== "")
        return `${paint.red("not passed")} ${name} does otherwise than on the host: ${broken(report)}\n`;
      return `${paint.red("not passed")} ${name}\n`;
  }
}

/** "SIGSEGV in 20240729-ptrace, 20260905-ptrace; exit 1 in …". */
function broken({ rows }: VerifyReport): string {
  const places = new Map<string, string[]>();
  for (const { id, original } of rows) {
    if (original.sameAsHost !== false) continue;
    const others = original.differences.filter((one) => one !== "exit");
    const how = `${[...new Set(original.endings)].join(", ")}${others.length === 0 ? "" : ` (other ${others.join(", ")})`}`;
    places.set(how, [...(places.get(how) ?? []), id]);
  }
  return [...places].map(([how, ids]) => `${how} in ${ids.join(", ")}`).join("; ");
}

function cell({ endings, differences }: Outcome): string {
  const counted = [...new Set(endings)].map((one) => {
    const count = endings.filter((other) => other === one).length;
    return count === endings.length ? one : `${one} ${count}×`;
  });
  const others = differences.filter((one) => one !== "exit");
  return `${counted.join(", ")}${others.length === 0 ? "" : `; other ${others.join(", ")}`}`;
}

function same({ sameAsHost, differences }: Outcome, paint: Paint): string {
  if (sameAsHost === undefined) return "no host run";
  return sameAsHost ? paint.green("yes") : paint.red(`no (${differences.join(", ")})`);
}
