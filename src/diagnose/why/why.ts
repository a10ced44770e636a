/** `sandfit why`: runs a command on both sides, finds the answers that make it end otherwise in gVisor, and proves them. */

import { readingOf } from "./align.js";
import { compare, noiseOf } from "./compare.js";
import { type Counter, counterProof } from "./counter.js";
import { Files } from "./giving.js";
import type { Diagnosis } from "./model.js";
import { ranked } from "./rank.js";
import { remediesFor } from "./remedies.js";
import { type Limits, OutOfBudget, type Run, Runner } from "./runs.js";
import { prepare, type SettingOptions } from "./setting.js";
import { type Aspect, differingAspects, wantedAspects } from "./symptom.js";
import { type Case, ENOUGH, search, trial } from "./trials.js";
import { diagnosisOf } from "./verdict.js";

export interface WhyOptions extends SettingOptions, Limits {
  /** Try the same command with runsc's flags and in other releases. */
  readonly remedies: boolean;
  /** Hears of every run before it starts. */
  readonly tell: (doing: string, runs: number) => void;
}

/** Plain runs of each side; recorded runs of each; further runs of the winning set, before "proven" is said. */
const [PLAIN, RECORDED, REPEATS] = [2, 2, 2];

/** Milliseconds that a side gets from then on whose first run did not end: it hangs. */
const SECOND_PATIENCE = 5000;

/** The least and the usual number of runs, to be said before they start. */
export const plannedRuns = { least: 2 * PLAIN, usual: 9, most: 40 } as const;

export async function why(command: readonly string[], options: WhyOptions): Promise<Diagnosis> {
  const setting = await prepare(options);
  try {
    const runner = new Runner(setting, command, options, options.tell);
    return await diagnose(runner, new Files(setting.work), options);
  } finally {
    setting.dispose();
  }
}

async function diagnose(runner: Runner, files: Files, options: WhyOptions): Promise<Diagnosis> {
  const plain = { linux: await both(runner, "linux", "plain", PLAIN), gvisor: await both(runner, "gvisor", "plain", PLAIN) };
  const base = { runner, plain };
  const differing = aspectsOf(plain);
  if (differing.length === 0) return diagnosisOf({ ...base, result: "same", differing });
  const recorded = { linux: await both(runner, "linux", "all", RECORDED), gvisor: await both(runner, "gvisor", "all", RECORDED) };
  const traced = aspectsOf(recorded);
  const aspects = wantedAspects(differing);
  if (!aspects.some((aspect) => traced.includes(aspect)))
    return diagnosisOf({ ...base, recorded, differing, result: "only-untraced" });
  runner.patience = patienceAfter([...recorded.linux, ...recorded.gvisor], options.timeout);
  const readings = { linux: recorded.linux.map(reading), gvisor: recorded.gvisor.map(reading) };
  const noise = noiseOf([
    [readings.linux[0]!, readings.linux[1]!],
    [readings.gvisor[0]!, readings.gvisor[1]!],
  ]);
  const [linux, gvisor] = [recorded.linux[0]!, recorded.gvisor[0]!];
  const candidates = ranked(
    compare(readings.linux[0]!, readings.gvisor[0]!, noise, readings.linux.slice(1)),
    linux.outcome,
    gvisor.outcome,
  );
  if (candidates.length === 0) return diagnosisOf({ ...base, recorded, differing, result: "no-answer-differs", noise });
  const one: Case = {
    runner,
    files,
    linux: { run: linux, reading: readings.linux[0]! },
    gvisor: { run: gvisor, reading: readings.gvisor[0]! },
    noise,
    aspects: aspects.filter((aspect) => traced.includes(aspect)),
    candidates,
  };
  const found = await search(one);
  const common = { ...base, recorded, differing, noise, candidates, found, aspects: one.aspects };
  if (found.set === undefined) return diagnosisOf({ ...common, result: "not-found" });
  const repeats = await repeated(one, found.set, found.likeness);
  let counter: Counter | undefined;
  if (found.likeness >= ENOUGH && repeats.every(Boolean)) counter = await counterProof(one, found.set);
  const remedies = options.remedies ? await remediesFor(one, found.set) : [];
  return diagnosisOf({ ...common, result: "found", repeats, counter, remedies });
}

async function both(runner: Runner, side: "linux" | "gvisor", record: "plain" | "all", times: number): Promise<Run[]> {
  const runs: Run[] = [];
  const where = side === "linux" ? "Linux" : "gVisor";
  for (let i = 0; i < times; i++) {
    runs.push(await runner.run(side, `${where}, ${record === "plain" ? "as it is" : "recorded"}`, { record }));
    if (runs[0]!.outcome.ending === "time-out") runner.patience = Math.min(runner.patience, SECOND_PATIENCE);
  }
  return runs;
}

const aspectsOf = ({ linux, gvisor }: { linux: readonly Run[]; gvisor: readonly Run[] }): Aspect[] =>
  differingAspects(
    linux.map(({ outcome }) => outcome),
    gvisor.map(({ outcome }) => outcome),
  );

/** Milliseconds for a trial: one that takes far longer than all runs before it hangs. */
function patienceAfter(runs: readonly Run[], most: number): number {
  const ended = runs.filter(({ outcome }) => outcome.ending !== "time-out");
  return ended.length === 0 ? most : Math.min(most, 3000 + 10_000 * Math.max(...ended.map(({ seconds }) => seconds)));
}

const reading = ({ trace }: Run) => readingOf(trace ?? { events: [], processes: [], end: undefined });

/** Runs the winning set again: what happens once may be chance. */
async function repeated(
  one: Case,
  set: NonNullable<Awaited<ReturnType<typeof search>>["set"]>,
  wanted: number,
): Promise<boolean[]> {
  const seen: boolean[] = [];
  try {
    for (let i = 0; i < REPEATS; i++) seen.push(((await trial(one, set, "rules"))?.likeness ?? 0) >= wanted);
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    seen.push(false);
  }
  return seen;
}
