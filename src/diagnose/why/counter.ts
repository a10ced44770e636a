/** The counter-proof: gVisor, given Linux's answers, ends as Linux does. */

import { existsSync } from "node:fs";
import { type Rule, standIn } from "../../environments/trace/rules.js";
import { type Asked, type Reading, readingOf } from "./align.js";
import { compare, type Differing } from "./compare.js";
import { copyAnswers } from "./copy.js";
import { actionsFor, type Files, type Given, giving, givingContent, redirect } from "./giving.js";
import { ranked } from "./rank.js";
import { OutOfBudget, type Run } from "./runs.js";
import { type Likeness, likeness } from "./symptom.js";
import { type Case, ordered } from "./trials.js";

export interface Counter {
  /** How much it ends as on Linux. */
  readonly likeness: Likeness;
  /** What it was given Linux's answers to: the causes, and what they led to. */
  readonly set: readonly Differing[];
  readonly run: Run | undefined;
  /** Answers that no rule can give. */
  readonly impossible: readonly string[];
}

const ROUNDS = 5;
const PER_ROUND = 2;

export async function counterProof(one: Case, causes: readonly Differing[]): Promise<Counter> {
  let set: readonly Differing[] = causes;
  let best: Counter = { likeness: 0, set, run: undefined, impossible: [] };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const given = set.map((each) => linuxAnswers(each, one.linux.reading, one.files));
      const rules = ordered(given.flatMap((each) => each.rules));
      const impossible = given.flatMap((each) => each.impossible);
      if (rules.length === 0) return { ...best, impossible };
      const run = await one.runner.run("gvisor", `gVisor with ${set.length} of Linux's answers`, { rules, record: "all" });
      const isEvidence = run.hits.some((count) => count > 0) && !run.isDamaged;
      const like = isEvidence ? likeness(run.outcome, one.linux.run.outcome, one.aspects) : 0;
      if (best.run === undefined || like > best.likeness) best = { likeness: like, set, run, impossible };
      if (like >= 2 || run.trace === undefined) return best;
      const known = new Set(set.map(({ id }) => id));
      const next = ranked(compare(one.linux.reading, readingOf(run.trace), one.noise), one.linux.run.outcome, run.outcome);
      const more = next.filter(({ id }) => !known.has(id)).slice(0, PER_ROUND);
      if (more.length === 0) return best;
      set = [...set, ...more];
    }
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
  }
  return best;
}

const isSystemFile = (id: string): boolean => /^\/(proc|sys)\//.test(id) && !/^\/proc\/(#|self|thread-self|net)(\/|$)/.test(id);

function linuxAnswers(difference: Differing, linux: Reading, files: Files): Given {
  const { id, differences } = difference;
  const [{ linux: ours }] = differences;
  if (isSystemFile(id) && ours.answer.errno === undefined && existsSync(id)) {
    const copy = files.path();
    if (copyAnswers(id, copy)) return { rules: [redirect(id.replace(/\/+$/, ""), copy, true)], impossible: [] };
    return { rules: [], impossible: [`${id} is too large to be copied`] };
  }
  const path = ours.question.path;
  if (ours.answer.value === "fd" && path !== undefined && path === id && /^\/(proc|sys)\//.test(path))
    return recordedFile(path, linux, files);
  if (ours.answer.value === "fd") return standingIn(ours, linux);
  return giving(difference, linux, files);
}

/** A file that belongs to a process or to its network, with what Linux's run read of it; empty where it read nothing. */
function recordedFile(path: string, linux: Reading, files: Files): Given {
  const reads = linux.asked.filter(
    ({ question, event }) => question.path === path && (event.call.name === "read" || event.call.name === "pread64"),
  );
  if (reads.length === 0) return { rules: [redirect(path, files.file(new Uint8Array()))], impossible: [] };
  return givingContent(path, reads, files);
}

/** Calls that work on a descriptor that stands in as on any other. */
const ITS_OWN = new Set(["close", "dup", "dup2", "dup3", "fcntl", "fstat"]);

/** A descriptor that stands in for the one that gVisor refuses, and Linux's recorded answers to all that is asked of it. */
function standingIn({ event, question }: Asked, linux: Reading): Given {
  const { call, args } = event;
  const number = (i: number) => Number(BigInt.asUintN(32, args[i]));
  const origin = call.name === "socket" ? `socket:${number(0)}:${number(1) & 0xf}:${number(2)}` : `call:${call.number}`;
  if (event.parts.some(({ kind }) => kind === "path")) return { rules: [], impossible: [question.key] };
  const about = linux.asked.filter((one) => one.event.origins.get(0) === origin && !ITS_OWN.has(one.event.call.name));
  const rules: Rule[] = [{ call: call.name, conditions: question.conditions, actions: [standIn()] }];
  const impossible: string[] = [];
  for (const one of about) {
    const actions = actionsFor(one)?.map((action) =>
      action.do === "result" ? { do: "result" as const, result: action.result } : action,
    );
    if (actions === undefined) impossible.push(one.question.key);
    else
      rules.push({
        call: one.event.call.name,
        conditions: [...one.question.conditions, { if: "process", is: { text: one.process } }],
        actions,
        first: one.occurrence,
        last: one.occurrence,
      });
  }
  return { rules, impossible };
}
