/** What would help: flags of runsc that the known differences name, and the other releases here. Each is tried, none is guessed. */

import type { RunscSandbox } from "../../environments/run/sandbox.js";
import { findSandboxes } from "../../environments/run/sandboxes.js";
import type { Differing } from "./compare.js";
import { knownDifferences } from "./known.js";
import { OutOfBudget, Runner } from "./runs.js";
import { likeness } from "./symptom.js";
import type { Case } from "./trials.js";

export interface TriedRemedy {
  readonly by: "flag" | "release" | "option";
  /** "--net-raw", "20260905", or words. */
  readonly use: string;
  /** "helps" and "does not" come from a run; "not tried" is from what is known of the program. */
  readonly outcome: "helps" | "does not help" | "not tried";
}

export async function remediesFor(one: Case, causes: readonly Differing[]): Promise<TriedRemedy[]> {
  const { sandbox } = one.runner.setting;
  const known = causes.flatMap(knownDifferences).flatMap(({ remedies = [] }) => remedies);
  const tried: TriedRemedy[] = [];
  const flags = [
    ...new Set(known.flatMap((remedy) => ("flag" in remedy && !remedy.flag.startsWith("--platform") ? [remedy.flag] : []))),
  ];
  try {
    for (const flag of flags) {
      const outcome = await attempt(one, { ...sandbox, flags: [...sandbox.flags, flag] }, `runsc ${flag}`);
      tried.push({ by: "flag", use: flag, outcome });
    }
    for (const other of await otherReleases(sandbox)) {
      tried.push({ by: "release", use: other.release, outcome: await attempt(one, other, `gVisor ${other.release}`) });
    }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
  }
  const options = [...new Set(known.flatMap((remedy) => ("option" in remedy ? [remedy.option] : [])))];
  return [...tried, ...options.map((use): TriedRemedy => ({ by: "option", use, outcome: "not tried" }))];
}

/** Newer ones: nobody goes back. */
async function otherReleases({ release, platform, flags }: RunscSandbox): Promise<RunscSandbox[]> {
  const { present } = await findSandboxes({ platforms: [platform] });
  return present.flatMap((other) =>
    other.kind === "runsc" && other.release > release ? [{ ...other, flags: [...new Set([...other.flags, ...flags])] }] : [],
  );
}

/** A flag that a release does not know is one that does not help. */
async function attempt({ runner, linux, aspects }: Case, sandbox: RunscSandbox, doing: string): Promise<TriedRemedy["outcome"]> {
  const other = new Runner({ ...runner.setting, sandbox }, runner.command, { ...runner.limits, maxRuns: 1 }, () => {});
  runner.take(doing);
  try {
    const run = await other.run("gvisor", doing, { record: "plain" });
    return likeness(run.outcome, linux.run.outcome, aspects) >= 2 ? "helps" : "does not help";
  } catch (error) {
    if (error instanceof OutOfBudget) throw error;
    return "does not help";
  }
}
