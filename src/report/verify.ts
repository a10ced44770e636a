/** The table of a verification, and the sentences under it. */

import Table from "cli-table3";
import type { Outcome, VerifyReport } from "../environments/verify-model.js";
import type { Paint } from "./paint.js";

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
  const name = report.fixed ?? report.original;
  if (report.passed === true)
    text += `${paint.green("passed")} ${name} does in all ${report.rows.length} environments what ${report.original} does on the host\n`;
  else if (report.passed === null) text += `${paint.yellow("not decided")} ${name} was run in here only\n`;
  else text += `${paint.red("not passed")} ${name}\n`;
  return text;
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
