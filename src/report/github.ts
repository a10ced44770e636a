/** The report as workflow commands of GitHub Actions: an annotation for each file that something was found against. */

import { printable } from "../bytes/printable.js";
import { type FileError, type FileReport, outcomeOf, type Report } from "../check/model.js";
import { summaryOf } from "./finding-words.js";
import { headlineOf } from "./headline.js";
import { plural } from "./words.js";

/** One line a file; ends with a line feed unless there is nothing to say. */
export function renderGithub({ files }: Report): string {
  return files.map(annotation).join("");
}

function annotation(file: FileReport | FileError): string {
  if ("error" in file) return command("error", file.name, "Sandfit: cannot be read", file.error);
  const outcome = outcomeOf(file);
  if (outcome === "runs") return "";
  const [first, ...more] = file.views.flatMap((view) => view.findings);
  const rule = first === undefined ? "" : ` (${first.rule})`;
  const what =
    first === undefined ? "" : `. ${summaryOf(first)}${more.length === 0 ? "" : `, and ${plural(more.length, "more finding")}`}`;
  return command(
    outcome === "fails" ? "error" : "warning",
    file.name,
    `Sandfit${rule}`,
    `${file.name}: ${headlineOf(file)}${what}`,
  );
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands; escapes as in @actions/core. */
function command(level: "error" | "warning", file: string, title: string, message: string): string {
  return `::${level} file=${property(file)},title=${property(title)}::${data(printable(message))}\n`;
}

const data = (text: string): string => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
