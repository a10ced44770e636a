/** Why a provider does not work here, from how it ended and from what its bytes tell. */

import { printable } from "../../bytes/printable.js";
import { describeEnding, signalOfCode } from "../../environments/run/ending.js";
import type { Expectation } from "../../report/tools-model.js";
import type { RuleId } from "../../rules/ids.js";
import { ruleOf } from "../../rules/index.js";
import { explain } from "../explain/explain.js";
import type { Setting } from "../explain/setting.js";
import type { JobFailed } from "./bench.js";

/** One sentence: what it could not do, how that ended, and the rule behind it where there is one. */
export async function whyNot(path: string, failure: JobFailed, expected: Expectation | null, setting: Setting): Promise<string> {
  const { job, run, fault } = failure;
  if (run.startError !== undefined) {
    const explanation = await explain([path], run, async () => setting);
    return `cannot be started: ${explanation?.obstacle ?? run.startError}`;
  }
  // A program that Sandfit itself ended did not die of the signal.
  const signal = run.timedOut || run.outputExceeded ? undefined : (run.signal ?? signalOfCode(run.exitCode));
  const ended = fault ?? (run.timedOut ? "it did not end in time" : signalWords(describeEnding(run), signal));
  // What it said helps where it had a say: a program that a signal ended had none.
  const said = fault === undefined && signal === undefined ? lastLine(run.stderr) : undefined;
  const what = `cannot ${job}: ${ended}${said === undefined ? "" : ` ("${said}")`}`;
  return expected === null || expected.rules.length === 0 ? what : `${what}; ${causeWords(expected, setting)}`;
}

/** "thread state through %gs (tls-in-gs)". */
export function rulesWords(rules: readonly RuleId[]): string {
  return rules.map((rule) => `${ruleOf(rule).words.title} (${rule})`).join(", ");
}

function causeWords({ rules, outcome }: Expectation, setting: Setting): string {
  if (setting.kind === "linux") return `not for ${rules.join(", ")}, which does no harm on plain Linux`;
  return `${setting.kind === "gvisor" && outcome === "fails" ? "because of" : "perhaps because of"} ${rulesWords(rules)}`;
}

function signalWords(ended: string, signal: string | undefined): string {
  return signal === undefined || ended === signal ? ended : `${ended} (${signal})`;
}

function lastLine(text: string): string | undefined {
  const line = text.trimEnd().split("\n").at(-1)?.trim();
  return line === undefined || line === "" ? undefined : printable(line.slice(0, 120));
}
