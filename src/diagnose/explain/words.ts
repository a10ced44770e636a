/** An explanation as people read it on standard error. */

import { printable, quoted } from "../../bytes/printable.js";
import { isRepairable, worst } from "../../check/model.js";
import { parseTarget } from "../../gvisor/gvisor.js";
import { remedyOf, summaryOf } from "../../report/finding-words.js";
import { likeliestSite } from "../../report/likeliest-site.js";
import type { Paint } from "../../report/paint.js";
import { spaced } from "../../report/words.js";
import type { Finding, Site } from "../../rules/define.js";
import { ruleOf } from "../../rules/index.js";
import type { Explanation } from "./explanation.js";
import { fitOf } from "./signature.js";
import { type Known, lookAt } from "./static.js";
import { isRefusalOfGs } from "./trace.js";

/** The explanation line by line; ends with a line feed. */
export async function renderExplanation(explanation: Explanation, paint: Paint): Promise<string> {
  const { kind, what, setting, programs, place, obstacle, refused, isKnown, command } = explanation;
  const lines: [string, string][] = [];
  if (obstacle !== undefined) lines.push(["why", printable(obstacle)]);
  if (place?.death.instruction !== undefined) {
    const { death, site } = place;
    const at = `0x${death.instruction!.toString(16)}`;
    lines.push([
      "where",
      site === undefined ? `${at} in ${printable(death.program ?? "a program that is not known")}` : siteWords(site, at),
    ]);
    if (death.address !== undefined) lines.push(["address", death.address]);
  }
  if (refused !== undefined && kind !== "maybe") lines.push(["trace", printable(refused)]);
  if (place !== undefined) lines.push(["", place.death.signalLine]);
  const applies = setting.kind !== "linux";
  const findings = programs.flatMap((program) =>
    program.report.views.flatMap((view) => view.findings.map((finding) => ({ program, finding }))),
  );
  const telling = findings
    .map((one) => ({
      ...one,
      fit: fitOf(ruleOf(one.finding.rule).signature, explanation),
      probe: setting.probes.find((probe) => probe.rules.includes(one.finding.rule)),
    }))
    .filter(({ finding, fit }) => applies && fit !== "contradicts" && bears(finding, explanation))
    .sort((a, b) => Number(b.fit === "fits") - Number(a.fit === "fits"));
  if (!isKnown && telling.length > 0)
    lines.push(["died", `which program is not known; of those that ${printable(command[0]!)} may have started, these fail here`]);
  for (const { program, finding, fit, probe } of telling) {
    const { words } = ruleOf(finding.rule);
    const isRefuted = probe?.bites === false;
    const isSure = isRefuted
      ? false
      : kind === "start"
        ? fit === "fits"
        : kind === "crash" && isKnown && bears(finding, explanation) === "fails";
    const certain = isSure ? "" : kind === "start" ? "once started: " : "may be why: ";
    lines.push(["rule", `${certain}${paint.bold(finding.rule)} in ${printable(program.path)}: ${summaryOf(finding)}`]);
    lines.push(["", words.why]);
    if (probe?.bites !== undefined) lines.push(["probed", `${probe.id} here: ${probe.result}`]);
    const site = likeliestSite(finding.sites);
    if (place?.site === undefined && site !== undefined) lines.push(["for one", siteWords(site)]);
  }
  if (telling.length === 0 && kind === "crash") {
    lines.push([
      "rule",
      !applies
        ? "none: gVisor's refusals do not apply here, so the crash is the program's own"
        : isRefusalOfGs(refused)
          ? `${paint.bold("tls-in-gs")}, by the refused call; the program's file could not be checked, or differs from what ran`
          : isKnown
            ? "no rule of Sandfit explains it; it may crash on plain Linux too"
            : "which program died is not known, so no rule can be named",
    ]);
  }
  lines.push(["here", setting.words]);
  for (const step of await stepsOf(explanation, telling)) lines.push(["next", printable(step)]);
  const body = lines.map(([name, text]) => `  ${paint.dim(name.padEnd(9))}${text}\n`).join("");
  return `${paint.red("sandfit:")} ${printable(what)}\n${body}`;
}

/** Whether a finding can have to do with the ending, by the worst it means in this setting. */
function bears(finding: Finding, { setting, kind }: Explanation): "fails" | "may-fail" | undefined {
  const effect = worst(setting.target.platforms.map((platform) => finding.effects[platform].consequence));
  return effect === "runs" || (effect === "may-fail" && kind === "maybe") ? undefined : effect;
}

function siteWords(site: Site, at = site.address === undefined ? "" : `0x${site.address.toString(16)}`): string {
  const inFunction = site.inFunction === undefined ? "" : `  in ${printable(site.inFunction)}`;
  return `${at} (file offset 0x${site.fileOffset.toString(16)})  ${spaced(site.bytes)}  ${printable(site.text)}${inFunction}`;
}

async function stepsOf(
  { kind, programs, setting, place, cures, isKnown, isTraced, command }: Explanation,
  telling: readonly { program: Known; finding: Finding }[],
): Promise<string[]> {
  const steps = new Set<string>();
  for (const { program, finding } of telling) {
    if (program.afterFix !== program.outcome && isRepairable(finding)) {
      steps.add(cures.get(program.path) ?? `sandfit fix ${quoted(program.path)}`);
    } else {
      steps.add(remedyOf(finding));
      for (const other of await otherPlatforms(program, setting))
        steps.add(`it is expected to run on gVisor's ${other} platform`);
      steps.add("or use a package of your system in its place, if there is one");
    }
  }
  for (const program of programs) {
    if (kind !== "start" || !program.isApe) continue;
    if (program.outcome !== "fails")
      steps.add(`sh ${quoted(program.path.includes("/") ? program.path : `./${program.path}`)}   (a shell starts it)`);
    else continue; // a shell would start it, and it would crash then: fix is the way, and is named above
    steps.add(`sandfit fix ${quoted(program.path)}   (writes the ELF that is inside)`);
  }
  const isOpen = kind === "crash" ? place === undefined : kind === "maybe" && programs.length === 0;
  if (isOpen && !isTraced) {
    const shows = isKnown
      ? "the call that was refused and the place of the crash"
      : "which program died, where, and what was refused";
    steps.add(`sandfit run --trace -- ${command.map(quoted).join(" ")}   (shows ${shows})`);
  }
  return [...steps];
}

/** Platforms on which the program is expected to run although it is not here. */
async function otherPlatforms(program: Known, { kind, target }: Explanation["setting"]): Promise<string[]> {
  if (kind !== "gvisor" || target.platforms.length !== 1) return [];
  const others: string[] = [];
  for (const platform of ["systrap", "ptrace"]) {
    if (platform === target.platforms[0]) continue;
    const there = parseTarget(`${target.release}/${platform}`);
    if (there && (await lookAt(program.path, there))?.outcome === "runs") others.push(platform);
  }
  return others;
}
