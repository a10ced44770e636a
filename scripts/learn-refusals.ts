/** Which refusals by argument a release has: each is tried with the calls of test/fixtures/small-probes.ts that it would refuse. */

import { isStarted, type Outcome, type Step, type Test, type TestStep } from "../src/asm/small-test.js";
import type { RunscSandbox } from "../src/environments/run/sandbox.js";
import { type Condition, type Refusal, refusals } from "../src/gvisor/refusals.js";
import type { ReleaseFile } from "../src/gvisor/release-file.js";
import { smallProbes } from "../test/fixtures/small-probes.js";
import { expectedValue, isServed, outcomesIn } from "./learn-system-calls.js";

/** `before`: the release from which those are taken that no call can show. */
export async function learnRefusals(
  systemCalls: ReleaseFile["systemCalls"],
  sandboxes: readonly RunscSandbox[],
  before: ReleaseFile | undefined,
): Promise<ReleaseFile["refusals"]> {
  const served = new Set(
    Object.entries(systemCalls).flatMap(([call, answer]) => (isServed(answer) ? [Number.parseInt(call, 10)] : [])),
  );
  const outcomes: ReadonlyMap<string, Outcome>[] = [];
  for (const sandbox of sandboxes) outcomes.push(await outcomesIn(smallProbes, sandbox));
  const held: Record<string, "run" | "assumed"> = {};
  for (const [id, refusal] of Object.entries(refusals)) {
    if (!served.has(refusal.number)) continue;
    if (refusal.unprobed !== undefined) {
      // A refusal that no release has been seen without.
      if (before === undefined || before.refusals[id] !== undefined) held[id] = "assumed";
      continue;
    }
    const earlier = Object.keys(held).map((other) => refusals[other]!);
    const fitting = smallProbes.filter((probe) => fits(refusal, probe));
    if (fitting.length === 0) throw new Error(`no call of small-probes.ts can show the refusal ${id}`);
    const calls = fitting.filter((probe) => !earlier.some((other) => fits(other, probe)));
    if (calls.length === 0) continue;
    const answers = outcomes.map((one) => calls.map(({ id: call }) => one.get(call)?.value === expectedValue(refusal.errno)));
    if (answers.every((one) => one.every(Boolean))) held[id] = "run";
    else if (answers.some((one) => one.every(Boolean))) throw new Error(`the platforms differ about the refusal ${id}`);
  }
  return held;
}

/** Whether a test's last call is one that a refusal refuses. */
function fits({ number, when }: Refusal, { test }: Test): boolean {
  if (typeof test === "function" || isStarted(test)) return false;
  const last = test.at(-1);
  if (!isCall(last)) return false;
  const [called, ...args] = last;
  return called === number && when.every((condition) => holds(condition, args[condition.arg]));
}

const isCall = (step: TestStep | undefined): step is Step => Array.isArray(step);

function holds(condition: Condition, argument: Step[number] | undefined): boolean {
  if (typeof argument === "object" || argument === undefined) return false;
  const low = Number(BigInt.asUintN(32, BigInt(argument)));
  const value = "mask" in condition ? (low & condition.mask) >>> 0 : low;
  return "not" in condition ? !condition.not.includes(value) : condition.is.includes(value);
}
