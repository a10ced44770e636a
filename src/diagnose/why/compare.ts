/** Where the answers of two runs differ: candidates for a cause, and no more than that. */

import type { CallEvent } from "../../environments/trace/events.js";
import { type Asked, aligned, type Pair, processesOf, type Reading } from "./align.js";
import { sameAnswer } from "./answer.js";

/** "errno": one of them failed, or failed otherwise; "value": it returned another number; "data": other bytes. */
export type DifferenceKind = "errno" | "value" | "data";

export interface AnswerDifference {
  readonly kind: DifferenceKind;
  readonly linux: Asked;
  readonly gvisor: Asked;
  /** How many calls later the runs part; 0 is at once. Undefined where they do not within a few. */
  readonly partsAfter: number | undefined;
  /** How many calls later gVisor's run writes an error or ends. */
  readonly endsAfter: number | undefined;
}

/** All differences about one file, or about one question. */
export interface Differing {
  /** The path, or the question's key. */
  readonly id: string;
  readonly differences: readonly AnswerDifference[];
  /** Every member of a numbered family, such as /dev/loop0, /dev/loop1. */
  readonly isFamily?: true;
}

/** What says nothing by itself: what was written, and waiting. */
const NO_ANSWER = new Set(
  `write writev pwrite64 pwritev close epoll_wait epoll_pwait poll ppoll select pselect6 wait4 waitid pause
  futex kill tgkill`.split(/\s+/),
);
const NEAR = 6;
const LAST = 12;

/** Kinds and questions that differ among runs of one side: `kind key`. Errors never count as noise. */
export type Noise = ReadonlySet<string>;
const nameOf = (kind: DifferenceKind, key: string) => `${kind} ${key}`;

export function noiseOf(pairs: readonly (readonly [Reading, Reading])[]): Noise {
  const noise = new Set<string>();
  for (const [a, b] of pairs)
    for (const { kind, linux } of differencesOf(a, b)) if (kind !== "errno") noise.add(nameOf(kind, linux.question.key));
  return noise;
}

/** The differing answers of two runs without noise, gathered by what they are about. */
export function compare(linux: Reading, gvisor: Reading, noise: Noise, more: readonly Reading[] = []): Differing[] {
  const found = differencesOf(linux, gvisor).filter(({ kind, linux: { question } }) => !noise.has(nameOf(kind, question.key)));
  const known = new Set(found.map((one) => one.linux.question.key));
  const groups = new Map<string, AnswerDifference[]>();
  for (const one of [...found, ...bag([linux, ...more], gvisor, known)]) {
    const id = aboutOf(one);
    groups.set(id, [...(groups.get(id) ?? []), one]);
  }
  return [...groups].map(([id, differences]) => ({ id, differences }));
}

function aboutOf({ linux }: AnswerDifference): string {
  const { path, key } = linux.question;
  return path !== undefined && /^\/(proc|sys|dev)(\/|$)/.test(path) && linux.event.call.name !== "ioctl" ? path : key;
}

function differencesOf(linux: Reading, gvisor: Reading): AnswerDifference[] {
  const found: AnswerDifference[] = [];
  for (const process of processesOf(linux, gvisor)) {
    const pairs = aligned(linux.byProcess.get(process)!, gvisor.byProcess.get(process)!);
    for (const [i, [a, b]] of pairs.entries()) {
      if (a === undefined || b === undefined || NO_ANSWER.has(a.event.call.name) || sameAnswer(a.answer, b.answer)) continue;
      found.push({ kind: kindOf(a, b), linux: a, gvisor: b, partsAfter: partsAfter(pairs, i), endsAfter: endsAfter(pairs, i) });
    }
  }
  return found;
}

function kindOf({ answer: a }: Asked, { answer: b }: Asked): DifferenceKind {
  return a.errno !== b.errno ? "errno" : a.value !== b.value ? "value" : "data";
}

function partsAfter(pairs: readonly Pair[], at: number): number | undefined {
  const next = pairs.slice(at + 1, at + 1 + NEAR).findIndex(([a, b]) => a === undefined || b === undefined);
  return next < 0 ? undefined : next;
}

function endsAfter(pairs: readonly Pair[], at: number): number | undefined {
  let count = 0;
  for (let i = at + 1; i < pairs.length && count < LAST; i++) {
    const [, b] = pairs[i];
    if (b === undefined) continue;
    if (isComplaint(b.event)) return count;
    count++;
  }
  return count < LAST ? count : undefined;
}

const isComplaint = ({ call, origins }: CallEvent): boolean =>
  (call.name === "write" || call.name === "writev") && origins.get(0) === "std2";

/**
 * Questions that both asked, in whatever process or thread: where Linux always answers the same and gVisor never does, it is a difference.
 * Needed where the work of a pool falls to another of its workers.
 */
function bag(linux: readonly Reading[], gvisor: Reading, known: ReadonlySet<string>): AnswerDifference[] {
  const found: AnswerDifference[] = [];
  for (const [key, theirs] of gvisor.byKey) {
    if (known.has(key) || NO_ANSWER.has(theirs[0]!.event.call.name)) continue;
    const ours = linux.flatMap((reading) => reading.byKey.get(key) ?? []);
    if (ours.length === 0 || !linux.every((reading) => reading.byKey.has(key))) continue;
    const [first] = ours;
    if (!ours.every(({ answer }) => answer.errno === first.answer.errno)) continue;
    const other = theirs.find(({ answer }) => answer.errno !== first.answer.errno);
    if (other === undefined || theirs.some(({ answer }) => answer.errno === first.answer.errno)) continue;
    found.push({ kind: "errno", linux: first, gvisor: other, partsAfter: undefined, endsAfter: undefined });
  }
  return found;
}
