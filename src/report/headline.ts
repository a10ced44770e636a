/** The result for one file in one sentence, with the one command that comes next. */

import { printable, quoted } from "../bytes/printable.js";
import { type FileReport, type Outcome, outcomeOf, type Verdict, type ViewReport, worst } from "../check/model.js";
import type { Platform } from "../gvisor/gvisor.js";
import { listed } from "./words.js";

const sentences: Record<Exclude<Outcome, "runs">, string> = {
  undecided: "not decided whether it runs",
  "may-fail": "may fail",
  fails: "will not run",
};

/** e.g. "will not run in gVisor (x86-64); `sandfit fix make` repairs it". The file's name is not part of it. */
export function headlineOf(file: FileReport): string {
  const outcome = outcomeOf(file);
  if (outcome === "runs") return "nothing found against it";
  const views = file.views.filter((view) => worst(verdictsOf(view).map(([, { outcome: one }]) => one)) === outcome);
  const machines = views.flatMap(({ machine }) => (machine === "any" ? [] : machine));
  const where = machines.length === 0 ? "" : ` (${listed(machines)})`;
  return `${sentences[outcome]} in gVisor${platformsOf(views, outcome)}${where}${nextOf(file, views, outcome)}`;
}

/** The verdicts of a view, each with its platform. */
export function verdictsOf(view: ViewReport): [Platform, Verdict][] {
  return Object.entries(view.verdicts) as [Platform, Verdict][];
}

/** Only where the platforms differ. */
function platformsOf(views: readonly ViewReport[], outcome: Outcome): string {
  const all = views.flatMap(verdictsOf);
  const some = all.filter(([, verdict]) => verdict.outcome === outcome).map(([platform]) => platform);
  return some.length === all.length ? "" : ` on ${listed([...new Set(some)])}`;
}

function nextOf(file: FileReport, views: readonly ViewReport[], outcome: Outcome): string {
  if (outcome === "undecided") return "";
  const after = worst(views.flatMap((view) => verdictsOf(view).map(([, verdict]) => verdict.afterFix)));
  if (after === outcome) {
    const isRefused = views.some((view) => view.findings.some(({ repair }) => (repair?.refusals.length ?? 0) > 0));
    return isRefused ? "; Sandfit refuses to repair it as it is" : "; no repair is known";
  }
  return `; ${fixCommand(file, views)} repairs ${after === "runs" ? "it" : "a part of it"}`;
}

/** The whole command, ready to be copied, where the file has a path. */
function fixCommand({ name, views: all }: FileReport, telling: readonly ViewReport[]): string {
  const archive = /^(.+\.(?:tar|tar\.gz|tgz|zip))!\//i.exec(name)?.[1];
  if (archive !== undefined) return `\`sandfit pack ${word(archive)} -o OUTPUT\``;
  if (name.includes("!/") || name === "(standard input)") return "`sandfit fix`";
  const [first] = telling;
  const isOther = first?.machine === "aarch64" && all.some(({ machine }) => machine === "x86-64");
  return `\`sandfit fix ${isOther ? "--arch aarch64 " : ""}${word(name)}\``;
}

const word = (name: string): string => printable(quoted(name.startsWith("-") ? `./${name}` : name));
