/** Puts a diagnosis together, and decides which word it has earned. */

import type { CallEvent } from "../../environments/trace/events.js";
import { eventText } from "../../environments/trace/text.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import type { Differing } from "./compare.js";
import type { Counter } from "./counter.js";
import { knownDifferences } from "./known.js";
import { type Cause, type Diagnosis, type Proof, WHY_VERSION, type Word } from "./model.js";
import type { TriedRemedy } from "./remedies.js";
import type { Outcome, Run, Runner } from "./runs.js";
import { type Aspect, alike, likeness } from "./symptom.js";
import { ENOUGH, type Found } from "./trials.js";

/** Bytes of an output that are kept in a diagnosis. */
const SHOWN = 16_384;

type Runs = { readonly linux: readonly Run[]; readonly gvisor: readonly Run[] };

export interface Gathered {
  readonly runner: Runner;
  readonly plain: Runs;
  readonly recorded?: Runs;
  readonly differing: readonly Aspect[];
  readonly aspects?: readonly Aspect[];
  readonly noise?: ReadonlySet<string>;
  readonly candidates?: readonly Differing[];
  readonly found?: Found;
  /** Whether the winning set did it again, each time. */
  readonly repeats?: readonly boolean[];
  readonly counter?: Counter | undefined;
  readonly remedies?: readonly TriedRemedy[];
  readonly result: "same" | "only-untraced" | "no-answer-differs" | "not-found" | "found";
}

export function diagnosisOf(gathered: Gathered): Diagnosis {
  const { runner, plain, recorded, differing, aspects = [], noise, candidates = [], found, counter, remedies = [] } = gathered;
  const { sandbox, isolation } = runner.setting;
  // What is only there without the tracer is seen in the plain runs alone.
  const {
    linux: [linux],
    gvisor: [gvisor],
  } = (gathered.result === "only-untraced" ? plain : (recorded ?? plain)) as {
    linux: readonly [Run, ...Run[]];
    gvisor: readonly [Run, ...Run[]];
  };
  const seconds = (runs: readonly Run[]) => round(Math.min(...runs.map((run) => run.seconds)));
  const word = wordFor(gathered);
  const causes = (found?.set ?? []).map((each) => causeOf(each, gvisor));
  const given = new Set(found?.set?.map(({ id }) => id));
  return {
    version: WHY_VERSION,
    command: runner.command,
    gvisor: { release: sandbox.release, platform: sandbox.platform, flags: sandbox.flags },
    isolation,
    result: resultOf(gathered),
    ...(word !== undefined && { word }),
    symptom: {
      differs: differing,
      explained: found?.set === undefined ? [] : aspects,
      linux: shown(linux.outcome),
      gvisor: shown(gvisor.outcome),
      seconds: { linux: seconds(plain.linux), gvisor: seconds(plain.gvisor) },
    },
    causes,
    proofs: proofsOf(gathered),
    further: counter?.set.filter(({ id }) => !given.has(id)).map(({ id }) => id) ?? [],
    impossible: counter?.impossible ?? [],
    remedies,
    differing: candidates.map((each) => ({ about: each.id, ...linesOf(each) })),
    noise: noise?.size ?? 0,
    trials: (found?.trials ?? []).map(({ set, run, likeness: like }) => ({
      answers: set.map(({ id }) => id),
      likeness: like,
      ending: run.outcome.ending,
    })),
    denied: [...new Set([...plain.linux, ...(recorded?.linux ?? [])].flatMap(({ denied }) => denied))],
    ...(found?.cutShort !== undefined && { cutShort: found.cutShort }),
    runs: runner.count,
    seconds: round(runner.seconds),
  };
}

/** Bytes as text, and of much output the beginning. */
function shown({ ending, stdout, stderr }: Outcome): Outcome {
  const text = (bytes: string) => Buffer.from(bytes.slice(0, SHOWN), "latin1").toString("utf8");
  return { ending, stdout: text(stdout), stderr: text(stderr) };
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10;

function resultOf({ result, found }: Gathered): Diagnosis["result"] {
  if (result === "found") return (found?.likeness ?? 0) >= ENOUGH ? "explained" : "near";
  return result === "not-found" ? "not-explained" : result;
}

/**
 * Proven: Linux with gVisor's answers ended as gVisor three times out of three, and never without them; and either gVisor with Linux's
 * answers ends as Linux, or more than the way it ended was the same. Many failures end with status 1.
 */
function wordFor(gathered: Gathered): Word | undefined {
  const { result, found, repeats = [], counter, recorded, aspects = [], differing } = gathered;
  if (result !== "found" || found === undefined || recorded === undefined) return undefined;
  const wanted = recorded.gvisor[0]!.outcome;
  const isChance = recorded.linux.some(({ outcome }) => likeness(outcome, wanted, aspects) >= found.likeness);
  if (found.likeness < ENOUGH || repeats.length < 2 || !repeats.every(Boolean) || isChance) return "suspected";
  const isBothWays = (counter?.likeness ?? 0) >= ENOUGH;
  const [linux] = proofsOf(gathered);
  const same = [...(linux?.exactly ?? []), ...(linux?.butForNumbers ?? [])];
  // What did not differ says nothing.
  const isMoreThanStatus = differing.some((aspect) => aspect !== "ending" && same.includes(aspect));
  return isBothWays || isMoreThanStatus ? "proven" : "shown-on-linux-only";
}

function proofsOf({ found, repeats = [], counter, recorded }: Gathered): Proof[] {
  const set = found?.set;
  const tried = found?.trials.findLast(
    (trial) => trial.set.length === set?.length && trial.set.every((each) => set.includes(each)),
  );
  if (set === undefined || tried === undefined || recorded === undefined) return [];
  const linux: Proof = {
    side: "linux",
    answers: set.length,
    outcome: shown(tried.run.outcome),
    likeness: tried.likeness,
    ...alike(tried.run.outcome, recorded.gvisor[0]!.outcome),
    runs: 1 + repeats.length,
    times: 1 + repeats.filter(Boolean).length,
  };
  if (counter?.run === undefined) return [linux];
  const { run, likeness: like } = counter;
  return [
    linux,
    {
      side: "gvisor",
      answers: counter.set.length,
      outcome: shown(run.outcome),
      likeness: like,
      ...alike(run.outcome, recorded.linux[0]!.outcome),
      runs: 1,
      times: Number(like >= ENOUGH),
    },
  ];
}

/** The difference that tells most of a file or a question: an error before a value before data. */
function clearest({ differences }: Differing) {
  const order = ["errno", "value", "data"];
  return differences.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))[0]!;
}

const line = (event: CallEvent): string => eventText(event);

function linesOf(each: Differing): { linux: string; gvisor: string } {
  const { linux, gvisor } = clearest(each);
  return { linux: line(linux.event), gvisor: line(gvisor.event) };
}

function causeOf(each: Differing, { trace }: Run): Cause {
  const { gvisor } = clearest(each);
  const after = trace?.events
    .slice(gvisor.at + 1)
    .filter(({ kind, process }) => kind === "call" && process === gvisor.event.process);
  return {
    about: each.id,
    ...(each.isFamily && { isFamily: true }),
    ...linesOf(each),
    process: gvisor.process,
    occurrence: gvisor.occurrence,
    callsBeforeEnd: after?.length ?? 0,
    known: knownDifferences(each).map(({ id, title, source = [] }) => ({
      id,
      title,
      source: source.map(({ path, line: number }) => gvisorSource(path, number)),
    })),
  };
}
