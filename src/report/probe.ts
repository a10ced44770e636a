/** What an environment is, as people read it: the verdict, then what common software meets, then all the rest. */

import type { Kind } from "../gvisor/differences/define.js";
import { findDifference } from "../gvisor/differences/index.js";
import { biteWords, commonProbes } from "./common-software.js";
import type { Environment, ProbeResult } from "./environment.js";
import type { Paint } from "./paint.js";
import { plural } from "./words.js";
import { folded, wrapLines } from "./wrap.js";

export interface ProbeTextOptions {
  /** List every probe that was not answered as by plain Linux. */
  readonly all: boolean;
  readonly paint: Paint;
  /** Columns to wrap lines at; default: none. */
  readonly width?: number;
}

/** The whole answer; ends with a line feed. */
export function renderEnvironment(environment: Environment, options: ProbeTextOptions): string {
  const { paint, all } = options;
  const lines = [paint.bold(verdict(environment))];
  if (environment.signals.length > 0) lines.push(paint.dim(`  known by: ${environment.signals.join("; ")}`));
  lines.push(...(all ? allLines(environment, paint) : commonLines(environment, paint)));
  return folded(`${lines.join("\n")}\n`, options.width);
}

function verdict({ kind, platform, release }: Environment): string {
  if (kind === "unknown") return "It is not known what this is: no probe could be run";
  if (kind === "linux") return "This is plain Linux, not gVisor";
  const { notBefore, before } = release ?? {};
  const dates =
    notBefore === undefined && before === undefined
      ? "release not known"
      : `released${notBefore === undefined ? "" : ` on or after ${notBefore}`}${before === undefined ? "" : `${notBefore === undefined ? "" : " and"} before ${before}`}`;
  return `This is gVisor, platform ${platform ?? "not known"}, ${dates}`;
}

function commonLines({ probes }: Environment, paint: Paint): string[] {
  const bites = probes.filter((probe) => probe.bites === true);
  const unknown = probes.filter((probe) => probe.bites === undefined);
  const shown = commonProbes.filter((id) => bites.some((probe) => probe.id === id));
  const lines: string[] = [];
  if (shown.length > 0) lines.push("", "What common software meets here:");
  for (const id of shown) lines.push(`  ${paint.red(id)}: ${biteWords(id)}`);
  const others = bites.length - shown.length;
  if (others > 0)
    lines.push("", `${plural(others, "other probe")} ${others === 1 ? "was" : "were"} not answered as by plain Linux.`);
  if (bites.length === 0 && unknown.length === 0) lines.push("", `All ${probes.length} probes were answered as by plain Linux.`);
  if (unknown.length > 0) lines.push("", `${plural(unknown.length, "probe")} could not be tried.`);
  if (others + unknown.length > 0)
    lines.push(
      "`sandfit probe --all` lists them, `sandfit differences ID` explains one, and `sandfit rules` has what a file can do about it.",
    );
  return lines;
}

function allLines(environment: Environment, paint: Paint): string[] {
  const bites = environment.probes.filter((probe) => probe.bites);
  const unknown = environment.probes.filter((probe) => probe.bites === undefined);
  const fine = environment.probes.length - bites.length - unknown.length;
  const isA = (...some: Kind[]) => bites.filter(({ id }) => some.includes(findDifference(id)?.kind ?? "refused"));
  const lines: string[] = [];
  const list = (title: string, some: readonly ProbeResult[], say: (one: ProbeResult) => string | undefined) => {
    if (some.length > 0) lines.push("", title);
    for (const one of some) lines.push(`  ${paint.red(one.id.padEnd(26))} ${say(one)}`);
  };
  const title = ({ id, result }: ProbeResult) => findDifference(id)?.title ?? result;
  list(
    "Accepted here, and then something else happens (`sandfit differences ID` explains one):",
    isA("security", "silent", "dies"),
    title,
  );
  list("Programs that need these fail here or take another way:", isA("refused", "value"), ({ result }) => result);
  const absent = isA("missing").map(({ id }) => id);
  if (absent.length > 0) lines.push("", "Missing here:", ...wrapLines(absent.join(", "), 100).map((line) => `  ${line}`));
  const rules = [...new Set(bites.flatMap((probe) => probe.rules))];
  if (rules.length > 0) lines.push("", `Rules of \`sandfit check\` that apply here: ${rules.join(", ")}`);
  if (unknown.length > 0) lines.push("", `Not tried: ${unknown.map(({ id }) => id).join(", ")}`);
  lines.push("", `${fine} of ${environment.probes.length} probes were answered as by plain Linux.`);
  return lines;
}
