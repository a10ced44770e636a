/** The survey of tools as people read it: a table of providers, and the next command a tool. */

import Table from "cli-table3";
import { printable } from "../bytes/printable.js";
import type { Paint } from "./paint.js";
import type { Provider, ToolState, ToolsReport } from "./tools-model.js";

/** No lines around: a table that can be copied. */
const CHARS = Object.fromEntries(
  ["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right", "left", "left-mid"]
    .concat(["mid", "mid-mid", "right", "right-mid"])
    .map((name) => [name, ""]),
);

/** Ends with a line feed. */
export function renderTools(report: ToolsReport, paint: Paint): string {
  const table = new Table({
    head: ["tool", "here", "version", "provider", "what it did, or why it does not work"].map((word) => paint.dim(word)),
    chars: { ...CHARS, middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  const inGvisor = report.environment.kind !== "linux";
  for (const tool of report.tools) for (const row of rowsOf(tool, inGvisor, paint)) table.push(row);
  const trimmed = table.toString().replace(/[ \t]+$/gm, "");
  let text = `${paint.bold(`here: ${report.environment.words}`)}\n${report.distribution.name}\n\n${trimmed}\n`;
  const steps = report.tools.filter((tool) => tool.next !== null || tool.best === null);
  if (steps.length > 0) text += `\n${paint.bold("next")}\n`;
  const width = Math.max(...steps.map((tool) => tool.name.length));
  for (const { name, next, remark } of steps) {
    const words = next === null ? (remark ?? "Sandfit knows nothing that helps") : paint.cyan(next);
    text += `  ${printable(name).padEnd(width)}  ${words}${next !== null && remark !== null ? `   (${remark})` : ""}\n`;
  }
  return text;
}

function rowsOf(tool: ToolState, inGvisor: boolean, paint: Paint): string[][] {
  const name = paint.bold(printable(tool.name));
  const rows = tool.providers.map((provider, i) => [
    i === 0 ? name : "",
    marks(paint)[provider.outcome],
    provider.version ?? "",
    printable(`${provider.path}${sourceWords(provider)}`),
    storyOf(provider, inGvisor),
  ]);
  const { package: state } = tool;
  if (state !== null && !tool.providers.some((provider) => provider.package?.split(" ")[0] === state.name)) {
    const remark = state.remark === null ? "" : `; ${state.remark}`;
    const has = state.installed ? `installed, but it has no ${tool.name}` : `not installed${remark}`;
    rows.push([
      rows.length === 0 ? name : "",
      paint.dim("-"),
      state.version ?? state.available ?? "",
      `package ${state.name}`,
      has,
    ]);
  }
  if (rows.length === 0)
    rows.push([name, paint.red("none"), "", "", "nothing of this name in PATH, and no package of it is known"]);
  return rows;
}

const marks = (paint: Paint) => ({
  works: paint.green("works"),
  starts: paint.green("starts"),
  fails: paint.red("fails"),
  unsure: paint.yellow("unsure"),
});

function sourceWords({ source, package: owner }: Provider): string {
  if (owner !== null) return ` (package ${owner.split(" ")[0]})`;
  return source === "toolset" ? " (toolset)" : "";
}

function storyOf({ why, did, expected, outcome }: Provider, inGvisor: boolean): string {
  const parts = why === null ? [...did] : [why];
  if (outcome !== "fails" && expected !== null && expected.outcome !== "runs") {
    const rules = expected.rules.join(", ");
    if (expected.outcome === "may-fail") parts.push(`but may fail in gVisor: ${rules}`);
    else
      parts.push(
        inGvisor ? `but that was luck: its bytes say that it fails here (${rules})` : `but will not run in gVisor: ${rules}`,
      );
  }
  return printable(parts.join("; "));
}
