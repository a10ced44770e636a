/** What this environment is: plain Linux or gVisor, which platform, which release, and what it refuses. */

import { constants } from "node:os";
import { isStarted, type Outcome, type ProbeTest } from "../../asm/small-test.js";
import { InputError } from "../../errors.js";
import { answerOf } from "../../gvisor/differences/answer.js";
import { findDifference } from "../../gvisor/differences/index.js";
import { errnoName } from "../../gvisor/errno.js";
import { ENVIRONMENT_VERSION, type Environment } from "../../report/environment.js";
import { hostRunsLinux } from "../run/sandbox.js";
import { runTests } from "./run.js";
import { gvisorSigns, isFiltered, platformOf, releaseOf } from "./signs.js";
import { probeTests, rulesOf, signTests } from "./tests.js";

export interface ProbeOptions {
  /** In milliseconds, for each of the programs that are run; ten seconds by default. */
  readonly timeout?: number;
  /** Folders to put the programs into; those for temporary files by default. */
  readonly folders?: readonly string[];
}

export const NOT_HERE = "a probe is a program for x86-64 Linux and cannot be run on this system";

/** Finds out what this process runs in. Throws an InputError where no probe can be run at all. */
export async function probeEnvironment(options: ProbeOptions = {}): Promise<Environment> {
  if (!hostRunsLinux()) throw new InputError(NOT_HERE);
  const settings = { timeout: options.timeout ?? 10_000, ...(options.folders && { folders: options.folders }) };
  const needing = (needs: ProbeTest["needs"]) => probeTests.filter((test) => test.needs === needs);
  const first = await runTests([...signTests, ...needing(undefined)], settings);
  const { strong, weak } = gvisorSigns(first.outcomes);
  const kind = strong.length > 0 || weak.length >= 3 ? "gvisor" : first.outcomes.size > 0 ? "linux" : "unknown";
  const { platform, sign } = kind === "gvisor" ? platformOf(first.outcomes) : {};
  // Known from runs, and not to be tried on a user.
  const harmless = kind === "linux" || platform === "ptrace";
  const last = [...needing("executable-stack"), ...(harmless ? needing("changes-gs") : [])];
  const second = await runTests(last, { ...settings, executableStack: true });
  const outcomes = new Map([...first.outcomes, ...second.outcomes]);
  const filtered = isFiltered();
  const signals = kind === "gvisor" ? [...strong, ...weak] : [];
  if (sign !== undefined) signals.push(sign);
  if (filtered) signals.push("a seccomp filter is over this process: some refusals may be its own");
  signals.push(...new Set([...first.notes, ...second.notes]));
  return {
    version: ENVIRONMENT_VERSION,
    kind,
    ...(platform !== undefined && { platform }),
    ...(kind === "gvisor" && { release: releaseOf(outcomes, filtered) }),
    signals,
    probes: probeTests.map((test) => {
      const known = { id: test.id, rules: rulesOf(test) };
      if (platform === "systrap" && test.needs === "changes-gs") return { ...known, result: KILLS, bites: true };
      const outcome = outcomes.get(test.id);
      if (outcome === undefined) return { ...known, result: "not tried", bites: undefined };
      return { ...known, result: describe(outcome, test), bites: test.bites(outcome) };
    }),
  };
}

const KILLS = "not tried: on systrap it is known to kill, and to harm other programs of the sandbox";

function describe(outcome: Outcome, test: ProbeTest): string {
  const difference = findDifference(test.id);
  if (difference !== undefined) return answerOf(difference, outcome);
  const { value, signal } = outcome;
  if (signal !== undefined) {
    const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
    return name ?? `signal ${signal}`;
  }
  const answersZero = typeof test.test === "function" || isStarted(test.test);
  if (answersZero && value >= 0n) return value === 0n ? "ok" : "differs";
  if (value < 0n && value > -4096n && typeof test.test !== "function") return errnoName(Number(-value));
  return test.bites(outcome) ? "differs" : "ok";
}
