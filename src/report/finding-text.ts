/** A finding as people read it in a terminal. */

import { printable } from "../bytes/printable.js";
import { isRepairable } from "../check/model.js";
import type { Finding, LeftAlone, Site } from "../rules/define.js";
import { ruleOf } from "../rules/index.js";
import { remedyOf, summaryOf } from "./finding-words.js";
import { portableLines } from "./portable.js";
import type { TextOptions } from "./text-options.js";
import { evidenceOf, plural, spaced, strengthOf, worstEffect } from "./words.js";

/** What it is and where; `why` adds the reasons and links. What to do is told where the file's headline has no command for it. */
export function renderFinding(finding: Finding, options: TextOptions): string {
  const { paint, all, why } = options;
  const effect = worstEffect(finding);
  const mark = effect === "fails" ? paint.red("✖") : effect === "may-fail" ? paint.yellow("▲") : paint.cyan("•");
  const isFixable = isRepairable(finding) || finding.rule === "ape-not-elf";
  const fixable = isFixable ? ` ${paint.green("(fixable)")}` : "";
  let text = `  ${mark} ${paint.bold(finding.rule)}: ${summaryOf(finding)}${fixable}\n`;
  text += all || why ? longPlaces(finding, options) : shortPlace(finding, options);
  for (const refusal of finding.repair?.refusals ?? []) text += `      ${paint.red("refused:")} ${printable(refusal)}\n`;
  const { words } = ruleOf(finding.rule);
  if (why) text += `      ${paint.dim("why:")} ${words.why}\n`;
  if (why || !isFixable) text += `      ${paint.dim("what to do:")} ${remedyOf(finding)}\n`;
  if (why) for (const link of words.links) text += `      ${paint.dim(`see: ${link}`)}\n`;
  return text;
}

/** The best known location, in one line. */
function shortPlace({ sites }: Finding, { paint }: TextOptions): string {
  const [site] = oneOfEachRole(sites);
  if (site === undefined) return "";
  const place = site.address === undefined ? `file offset 0x${site.fileOffset.toString(16)}` : `0x${site.address.toString(16)}`;
  const where = site.inFunction === undefined ? place : `${printable(site.inFunction)} (${place})`;
  const more = sites.length === 1 ? "" : `  ${paint.dim(`… ${sites.length - 1} more (--all)`)}`;
  return `      ${paint.dim("at")} ${where}: ${printable(site.text)}${more}\n`;
}

/** One location of each role, or all of them, with bytes and evidence, and what was rejected. */
function longPlaces(finding: Finding, options: TextOptions): string {
  const { paint, all, why } = options;
  const shown = all ? finding.sites : oneOfEachRole(finding.sites);
  let text = shown.map((site) => `      ${siteLine(site, options)}\n`).join("");
  const hidden = finding.sites.length - shown.length;
  const remarks: string[] = [];
  if (hidden > 0) remarks.push(`${hidden} more (--all)`);
  if (finding.leftAlone.length > 0 && !why) remarks.push(`${plural(finding.leftAlone.length, "rejected candidate")} (--verbose)`);
  if (remarks.length > 0) text += `      ${paint.dim(`… ${remarks.join("; ")}`)}\n`;
  if (!why) return text;
  for (const one of finding.leftAlone)
    text += `      ${paint.dim(`rejected: ${siteLine(one, options)}: ${printable((one as LeftAlone).reason)}`)}\n`;
  for (const line of portableLines(finding)) text += `      ${paint.dim(printable(line))}\n`;
  return text;
}

/** The best known site of each role, in the order in which the roles appear. */
function oneOfEachRole(sites: readonly Site[]): Site[] {
  const best = new Map<string, Site>();
  for (const site of sites) {
    const before = best.get(site.role);
    if (before === undefined || strengthOf(site) > strengthOf(before)) best.set(site.role, site);
  }
  return [...best.values()];
}

function siteLine(site: Site, { paint }: TextOptions): string {
  const address = site.address === undefined ? "" : `0x${site.address.toString(16)} `;
  const where = site.inFunction === undefined ? "" : `  in ${printable(site.inFunction)}`;
  const offset = `file offset 0x${site.fileOffset.toString(16)}`;
  return `${address}(${offset})  ${paint.dim(spaced(site.bytes))}  ${printable(site.text)}${where}  ${paint.dim(printable(`${site.role}; ${evidenceOf(site)}`))}`;
}
