/** `sandfit probe`: what this environment is and what it refuses. */

import { Command } from "@commander-js/extra-typings";
import { jsonText } from "../../bytes/printable.js";
import { type Environment, type ProbeResult, probeEnvironment } from "../../environments/probe/environment.js";
import type { Kind } from "../../gvisor/differences/define.js";
import { findDifference } from "../../gvisor/differences/index.js";
import type { Paint } from "../../report/paint.js";
import { wrapLines } from "../../report/wrap.js";
import type { ExitCode } from "../exit-code.js";
import { paintForOutput, print } from "../output.js";

const declared = new Command("probe")
  .description("say what this environment is: gVisor or not, platform, release, and what it refuses")
  .option("--json", "print a JSON document (schema/probe-1.json)");

export const command = declared.action(async (options) => {
  process.exitCode = await probeCommand(options);
});

/** Probes and prints. Returns the exit code: 0, whatever the environment is. */
async function probeCommand(options: ReturnType<typeof declared.opts>): Promise<ExitCode> {
  const environment = await probeEnvironment();
  if (options.json) await print(`${jsonText(environment, 2)}\n`);
  else await print(render(environment, await paintForOutput()));
  return environment.kind === "unknown" ? 2 : 0;
}

function render(environment: Environment, paint: Paint): string {
  const lines = [paint.bold(headline(environment))];
  for (const signal of environment.signals) lines.push(`  ${signal}`);
  const bites = environment.probes.filter((probe) => probe.bites);
  const unknown = environment.probes.filter((probe) => probe.bites === undefined);
  const fine = environment.probes.length - bites.length - unknown.length;
  const isA = (...some: Kind[]) => bites.filter(({ id }) => some.includes(findDifference(id)?.kind ?? "refused"));
  const list = (title: string, some: readonly ProbeResult[], say: (one: ProbeResult) => string | undefined) => {
    if (some.length > 0) lines.push("", title);
    for (const one of some) lines.push(`  ${paint.red(one.id.padEnd(26))} ${say(one)}`);
  };
  const title = ({ id, result }: ProbeResult) => findDifference(id)?.title ?? result;
  list(
    "Accepted here, and then something else happens (`sandfit differences ID` says more):",
    isA("security", "silent", "dies"),
    title,
  );
  list("Programs that need these fail here or take another way:", isA("refused", "value"), ({ result }) => result);
  const absent = isA("missing").map(({ id }) => id);
  if (absent.length > 0) lines.push("", "Missing here:", ...wrapLines(absent.join(", "), 100).map((line) => `  ${line}`));
  const rules = [...new Set(bites.flatMap((probe) => probe.rules))];
  if (rules.length > 0) lines.push("", `Rules of \`sandfit check\` that bite here: ${rules.join(", ")}`);
  if (unknown.length > 0) lines.push("", `Not tried: ${unknown.map(({ id }) => id).join(", ")}`);
  lines.push("", `${fine} of ${environment.probes.length} probes answered as plain Linux does.`);
  return `${lines.join("\n")}\n`;
}

function headline({ kind, platform, release }: Environment): string {
  if (kind === "unknown") return "unknown: the probe could not be run";
  if (kind === "linux") return "plain Linux, not gVisor";
  const dates = [
    ...(release?.notBefore === undefined ? [] : [`not before ${release.notBefore}`]),
    ...(release?.before === undefined ? [] : [`before ${release.before}`]),
  ];
  return `gVisor, platform ${platform ?? "unknown"}, released ${dates.join(" and ")}`;
}
