/** Puts the calls of two runs beside each other, process by process. */

import { diff } from "fast-myers-diff";
import type { CallEvent, Trace } from "../../environments/trace/events.js";
import { type Answer, answerTo } from "./answer.js";
import { isAsked, type Question, Reader } from "./question.js";

/** A call with what it asks and what it was answered. */
export interface Asked {
  readonly event: CallEvent;
  readonly question: Question;
  readonly answer: Answer;
  /** Path of its process in the tree. */
  readonly process: string;
  /** Which call it is, among those of its process with this key, from 1. */
  readonly occurrence: number;
  /** Place in its trace. */
  readonly at: number;
}

/** A recorded run, ready to be compared. */
export interface Reading {
  readonly asked: readonly Asked[];
  readonly byProcess: ReadonlyMap<string, readonly Asked[]>;
  readonly byKey: ReadonlyMap<string, readonly Asked[]>;
}

export function readingOf(trace: Trace): Reading {
  const reader = new Reader(trace);
  const asked: Asked[] = [];
  const byProcess = new Map<string, Asked[]>();
  const byKey = new Map<string, Asked[]>();
  const counts = new Map<string, number>();
  for (const [at, event] of trace.events.entries()) {
    if (event.kind !== "call") continue;
    const question = reader.read(event);
    if (!isAsked(event)) continue;
    const process = trace.processes[event.process]?.path ?? "?";
    const counter = `${process} ${question.key}`;
    const occurrence = (counts.get(counter) ?? 0) + 1;
    counts.set(counter, occurrence);
    const one = { event, question, answer: answerTo(event), process, occurrence, at };
    asked.push(one);
    add(byProcess, process, one);
    add(byKey, question.key, one);
  }
  return { asked, byProcess, byKey };
}

function add<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}

/** Two calls that ask the same at the same point, or one that only one of the runs made. */
export type Pair = readonly [Asked, Asked] | readonly [Asked, undefined] | readonly [undefined, Asked];

/** Beyond these, Myers' algorithm gets slow where the runs have little in common; what follows then is compared as a bag only. */
const MOST = 40_000;

/** The pairs of one process, in order. */
export function aligned(left: readonly Asked[], right: readonly Asked[]): Pair[] {
  const numbers = new Map<string, number>();
  const number = ({ question }: Asked): number => {
    const known = numbers.get(question.key) ?? numbers.size;
    numbers.set(question.key, known);
    return known;
  };
  const a = Uint32Array.from(left.slice(0, MOST), number);
  const b = Uint32Array.from(right.slice(0, MOST), number);
  const pairs: Pair[] = [];
  let [i, j] = [0, 0];
  const together = (end: number) => {
    while (i < end) pairs.push([left[i++]!, right[j++]!]);
  };
  for (const [fromA, toA, fromB, toB] of diff(a, b)) {
    together(fromA);
    while (i < toA) pairs.push([left[i++]!, undefined]);
    while (j < toB) pairs.push([undefined, right[j++]!]);
    void fromB;
  }
  together(a.length);
  return pairs;
}

/** Processes of two runs that are the same: the same place in the tree. */
export function processesOf(left: Reading, right: Reading): string[] {
  return [...left.byProcess.keys()].filter((path) => right.byProcess.has(path)).sort();
}
