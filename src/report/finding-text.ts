/** A finding as people read it in a terminal. */

import { printable } from "../bytes/printable.js";
import { isRepairable } from "../check/model.js";
import type { Finding, LeftAlone, Site } from "../rules/define.js";
import { ruleOf } from "../rules/index.js";
import { remedyOf, summaryOf } from "./finding-words.js";
import { portableLines } from "./portable.js";
import type { TextOptions } from "./text-options.js";
import { evidenceOf, plural, spaced, worstEffect } from "./words.js";

/** What it is, where, why, and what to do; ends with a line feed. */
export function renderFinding(finding: Finding, options: TextOptions): string {
  const { paint } = options;
  const { words } = ruleOf(finding.rule);
  const effect = worstEffect(finding);
  const mark = effect === "fails" ? paint.red("✖") : effect === "may-fail" ? paint.yellow("▲") : paint.cyan("•");
  const fixable = isRepairable(finding) || finding.rule === "ape-not-elf" ? paint.green("fixable") : "";
  let text = `  ${mark} ${paint.bold(finding.rule.padEnd(16))} ${summaryOf(finding)}   ${fixable}\n`;
  const shown = options.all ? finding.sites : oneOfEachRole(finding.sites);
  for (const site of shown) text += `      ${siteLine(site, options)}\n`;
  const hidden = finding.sites.length - shown.length;
  const remarks: string[] = [];
  if (hidden > 0) remarks.push(`${hidden} more (--all)`);
  if (finding.leftAlone.length > 0 && !options.why)
    remarks.push(`${plural(finding.leftAlone.length, "look-alike")} left alone (--why)`);
  if (remarks.length > 0) text += `      ${paint.dim(`… ${remarks.join("; ")}`)}\n`;
  if (options.why)
    for (const one of finding.leftAlone)
      text += `      ${paint.dim(`left alone ${siteLine(one, options)}: ${printable((one as LeftAlone).reason)}`)}\n`;
  if (options.why) for (const line of portableLines(finding)) text += `      ${paint.dim(printable(line))}\n`;
  for (const refusal of finding.repair?.refusals ?? []) text += `      ${paint.red("refused")} ${printable(refusal)}\n`;
  text += `      ${paint.dim("why   ")} ${words.why}\n`;
  text += `      ${paint.dim("remedy")} ${remedyOf(finding)}\n`;
  for (const link of words.links) text += `      ${paint.dim("see   ")} ${paint.dim(link)}\n`;
  return text;
}

/** From weakest to strongest. */
const strength: readonly Site["evidence"][] = ["text", "swept", "pointer", "unwind", "symbol", "entry", "header"];

/** The best known site of each role, in the order in which the roles appear. */
function oneOfEachRole(sites: readonly Site[]): Site[] {
  const best = new Map<string, Site>();
  for (const site of sites) {
    const before = best.get(site.role);
    if (before === undefined || strength.indexOf(site.evidence) > strength.indexOf(before.evidence)) best.set(site.role, site);
  }
  return [...best.values()];
}

function siteLine(site: Site, { paint }: TextOptions): string {
  const address = site.address === undefined ? "" : `0x${site.address.toString(16)} `;
  const where = site.inFunction === undefined ? "" : `  in ${printable(site.inFunction)}`;
  const offset = `file offset 0x${site.fileOffset.toString(16)}`;
  return `${address}(${offset})  ${paint.dim(spaced(site.bytes))}  ${printable(site.text)}${where}  ${paint.dim(printable(`${site.role}; ${evidenceOf(site)}`))}`;
}
