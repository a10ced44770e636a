/** Gives Linux gVisor's answers until it ends as gVisor does, then finds the fewest that are needed. */

import type { Rule } from "../../environments/trace/rules.js";
import { type Reading, readingOf } from "./align.js";
import { compare, type Differing, type Noise } from "./compare.js";
import { type Files, giving } from "./giving.js";
import { ranked } from "./rank.js";
import { OutOfBudget, type Run, type Runner } from "./runs.js";
import { type Aspect, type Likeness, likeness } from "./symptom.js";

export interface Trial {
  readonly set: readonly Differing[];
  readonly run: Run;
  readonly likeness: Likeness;
}

export interface Case {
  readonly runner: Runner;
  readonly files: Files;
  readonly linux: { readonly run: Run; readonly reading: Reading };
  readonly gvisor: { readonly run: Run; readonly reading: Reading };
  readonly noise: Noise;
  readonly aspects: readonly Aspect[];
  readonly candidates: readonly Differing[];
}

/** Differences that are tried alone before several are tried together. */
const ALONE = 6;
const ROUNDS = 6;
const PER_ROUND = 4;
/** A set that ends so counts as one that explains. */
export const ENOUGH: Likeness = 2;

export interface Found {
  /** The fewest answers by which Linux ends as gVisor does. */
  readonly set: readonly Differing[] | undefined;
  readonly likeness: Likeness;
  /** Every trial, in order. */
  readonly trials: readonly Trial[];
  /** Why the search ended early. */
  readonly cutShort: string | undefined;
}

export async function search(one: Case): Promise<Found> {
  const trials: Trial[] = [];
  const attempt = async (set: readonly Differing[], record: "rules" | "all"): Promise<Trial | undefined> => {
    const tried = await trial(one, set, record);
    if (tried !== undefined) trials.push(tried);
    return tried;
  };
  try {
    const alone: Trial[] = [];
    for (const candidate of one.candidates.slice(0, ALONE)) {
      const tried = await attempt([candidate], "rules");
      if (tried === undefined) continue;
      alone.push(tried);
      if (tried.likeness >= ENOUGH) return { set: tried.set, likeness: tried.likeness, trials, cutShort: undefined };
    }
    const deep = await deepen(one, attempt);
    if (deep !== undefined) {
      const fits = async (set: readonly Differing[]) => ((await attempt(set, "rules"))?.likeness ?? 0) >= deep.likeness;
      const set = await reduce(deep.set, fits);
      return { set, likeness: deep.likeness, trials, cutShort: undefined };
    }
    return { ...nearest(trials), trials, cutShort: undefined };
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return { ...nearest(trials), trials, cutShort: error.message };
  }
}

/** A trial that came at least near counts where none did better; it is then said to be near. */
function nearest(trials: readonly Trial[]): { set: readonly Differing[] | undefined; likeness: Likeness } {
  const best = trials.reduce<Trial | undefined>((so, tried) => (tried.likeness > (so?.likeness ?? 0) ? tried : so), undefined);
  return { set: best?.set, likeness: best?.likeness ?? 0 };
}

/** One run on Linux with gVisor's answers to all of the set. Undefined where no rule can give them. */
export async function trial(one: Case, set: readonly Differing[], record: "rules" | "all"): Promise<Trial | undefined> {
  const rules = set.flatMap((each) => [...giving(each, one.gvisor.reading, one.files).rules]);
  if (rules.length === 0) return undefined;
  const run = await one.runner.run("linux", `Linux with ${set.length} of gVisor's answers`, { rules: ordered(rules), record });
  const isEvidence = run.hits.some((count) => count > 0) && !run.isDamaged;
  return { set, run, likeness: isEvidence ? likeness(run.outcome, one.gvisor.run.outcome, one.aspects) : 0 };
}

/** The first rule that fits is the one that applies: those for one path or question before those for many. */
export const ordered = (rules: readonly Rule[]): Rule[] => rules.toSorted((a, b) => Number(isWide(a)) - Number(isWide(b)));
const isWide = ({ conditions }: Rule): boolean => conditions.some((condition) => "is" in condition && condition.is.tree === true);

/** Puts the run on gVisor's way answer by answer, and looks each time at what differs then: a program has a second way where the first fails. */
async function deepen(
  one: Case,
  attempt: (set: readonly Differing[], record: "all") => Promise<Trial | undefined>,
): Promise<Trial | undefined> {
  let set: Differing[] = [];
  let reading = one.linux.reading;
  let outcome = one.linux.run.outcome;
  for (let round = 0; round < ROUNDS; round++) {
    const known = new Set(set.map(({ id }) => id));
    const next = ranked(compare(reading, one.gvisor.reading, one.noise), outcome, one.gvisor.run.outcome)
      .filter(({ id }) => !known.has(id))
      .filter((each) => giving(each, one.gvisor.reading, one.files).rules.length > 0)
      .slice(0, round === 0 ? ALONE : PER_ROUND);
    if (next.length === 0) return undefined;
    set = [...set, ...next.map((each) => familyOf(each, set))];
    const tried = await attempt(set, "all");
    if (tried === undefined || tried.run.trace === undefined) return undefined;
    if (tried.likeness >= ENOUGH) return tried;
    reading = readingOf(tried.run.trace);
    outcome = tried.run.outcome;
  }
  return undefined;
}

const family = (id: string): string => id.replace(/\d+/g, "#");

/** At the second member of a numbered family, such as /dev/loop1 after /dev/loop0, all of them. */
function familyOf(each: Differing, set: readonly Differing[]): Differing {
  const isSecond = each.id.startsWith("/") && set.some(({ id }) => id !== each.id && family(id) === family(each.id));
  return isSecond ? { ...each, isFamily: true } : each;
}

/** Delta debugging (Zeller, Hildebrandt 2002): a subset from which nothing can be left out. */
export async function reduce<T>(items: readonly T[], fits: (items: readonly T[]) => Promise<boolean>): Promise<readonly T[]> {
  let left = items;
  for (let parts = 2; left.length >= 2; ) {
    const size = Math.max(1, Math.floor(left.length / parts));
    const chunks = Array.from({ length: Math.ceil(left.length / size) }, (_, i) => left.slice(i * size, (i + 1) * size));
    const smaller = await firstThat(
      [...chunks.map((chunk) => ({ items: chunk, parts: 2 })), ...complements(left, chunks, parts)],
      left.length,
      fits,
    );
    if (smaller !== undefined) {
      left = smaller.items;
      parts = smaller.parts;
    } else if (parts >= left.length) break;
    else parts = Math.min(left.length, parts * 2);
  }
  return left;
}

function complements<T>(all: readonly T[], chunks: readonly (readonly T[])[], parts: number) {
  return chunks.map((chunk) => ({ items: all.filter((item) => !chunk.includes(item)), parts: Math.max(parts - 1, 2) }));
}

async function firstThat<T extends { items: readonly unknown[] }>(
  choices: readonly T[],
  below: number,
  fits: (items: T["items"]) => Promise<boolean>,
) {
  for (const choice of choices) {
    if (choice.items.length > 0 && choice.items.length < below && (await fits(choice.items))) return choice;
  }
  return undefined;
}
