/** What this environment is: plain Linux or gVisor, which platform, which release, and what it refuses. */

import { constants } from "node:os";
import { InputError } from "../errors.js";
import { hostRunsLinux } from "../run/sandbox.js";
import { errnoName } from "../sandbox/errno.js";
import type { Outcome } from "./program.js";
import { runTests } from "./run.js";
import { gvisorSigns, isFiltered, platformOf, releaseOf } from "./signs.js";
import { finalTests, harmfulTests, type ProbeTest, probeTests, signTests } from "./tests.js";

export interface ProbeResult {
  readonly id: string;
  /** What came out, in a few words: "ok", "EINVAL", "SIGSEGV". */
  readonly result: string;
  /** Whether a program that needs this fails here; undefined where that could not be found out. */
  readonly bites: boolean | undefined;
}

export interface Environment {
  readonly kind: "linux" | "gvisor" | "unknown";
  readonly platform?: "systrap" | "ptrace" | "kvm";
  /** Dates of gVisor's source, YYYY-MM-DD: the release has what came on `notBefore` and lacks what came on `before`. */
  readonly release?: { readonly notBefore?: string; readonly before?: string };
  /** What the answer rests on, and what stood in the way of it. */
  readonly signals: readonly string[];
  readonly probes: readonly ProbeResult[];
}

export interface ProbeOptions {
  /** In milliseconds, for each of the programs that are run; ten seconds unless told. */
  readonly timeout?: number;
  /** Folders to put the programs into; those for temporary files unless told. */
  readonly folders?: readonly string[];
}

export const NOT_HERE = "a probe is a program for x86-64 Linux and cannot be run on this system";

/** Finds out what this process runs in. Throws an InputError where no probe can be run at all. */
export async function probeEnvironment(options: ProbeOptions = {}): Promise<Environment> {
  if (!hostRunsLinux()) throw new InputError(NOT_HERE);
  const settings = { timeout: options.timeout ?? 10_000, ...(options.folders && { folders: options.folders }) };
  const first = await runTests([...signTests, ...probeTests], settings);
  const { strong, weak } = gvisorSigns(first.outcomes);
  const kind = strong.length > 0 || weak.length >= 3 ? "gvisor" : first.outcomes.size > 0 ? "linux" : "unknown";
  const { platform, sign } = kind === "gvisor" ? platformOf(first.outcomes) : {};
  // Changing %gs on systrap takes down programs that are started later in the same sandbox: known from runs, not to be tried on a user.
  const harmless = kind === "linux" || platform === "ptrace";
  const last = await runTests([...finalTests, ...(harmless ? harmfulTests : [])], { ...settings, executableStack: true });
  const outcomes = new Map([...first.outcomes, ...last.outcomes]);
  const probes = [...probeTests, ...finalTests, ...harmfulTests].map((test) => judge(test, outcomes.get(test.id)));
  const filtered = isFiltered();
  const signals = kind === "gvisor" ? [...strong, ...weak] : [];
  if (sign !== undefined) signals.push(sign);
  if (filtered) signals.push("a seccomp filter is over this process: some refusals may be its own");
  signals.push(...new Set([...first.notes, ...last.notes]));
  return {
    kind,
    ...(platform !== undefined && { platform }),
    ...(kind === "gvisor" && { release: releaseOf(outcomes, filtered) }),
    signals,
    probes: probes.map((probe) =>
      platform === "systrap" && harmfulTests.some((test) => test.id === probe.id)
        ? {
            ...probe,
            result: "not tried: on systrap it is known to kill, and to harm other programs of the sandbox",
            bites: true,
          }
        : probe,
    ),
  };
}

function judge(test: ProbeTest, outcome: Outcome | undefined): ProbeResult {
  if (outcome === undefined) return { id: test.id, result: "not tried", bites: undefined };
  return { id: test.id, result: describe(outcome, test), bites: test.bites(outcome) };
}

function describe(outcome: Outcome, test: ProbeTest): string {
  const { value, signal } = outcome;
  if (signal !== undefined) {
    const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
    return name ?? `signal ${signal}`;
  }
  if (typeof test.test === "function") return value === 0n ? "ok" : "differs";
  if (value < 0n && value > -4096n) return errnoName(Number(-value));
  return test.bites(outcome) ? "differs" : "ok";
}
