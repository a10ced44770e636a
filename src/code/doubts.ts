/**
 * What was not decided, because there were too many ways to follow. Whatever is found all the same is true; what is not found may be
 * there, so that a healthy verdict must not rest on it.
 */

/** What a walk can give up (engine/walk.ts): tables of jumps that are too many, pointers that lead to too much that is no code. */
const Cut = { Tables: 1, Guesses: 2 } as const;

/** Every question that can stay open. Permanent: they appear in reports. */
export const doubts = ["jump-tables", "pointers", "arch-prctl", "thread-state", "mapping"] as const;
/** One of them. */
export type Doubt = (typeof doubts)[number];

/** The doubts about some code, noted where a search is given up. */
export class Doubts {
  private readonly noted = new Set<Doubt>();

  /** Those of a walk, by `WalkResult.cut`. */
  constructor(cut = 0) {
    if ((cut & Cut.Tables) !== 0) this.note("jump-tables");
    if ((cut & Cut.Guesses) !== 0) this.note("pointers");
  }

  note(doubt: Doubt): void {
    this.noted.add(doubt);
  }

  /** These and others, in the order of `doubts`. */
  with(others: Doubts | undefined): readonly Doubt[] {
    return doubts.filter((doubt) => this.noted.has(doubt) || others?.noted.has(doubt));
  }
}

/** What was given up, each in a few words. */
export const doubtWords: Record<Doubt, string> = {
  "jump-tables": "tables of jumps with more entries than any real program has",
  pointers: "pointers to more bytes that are no code than any real program has",
  "arch-prctl": "too many ways lead to what may be arch_prctl(ARCH_SET_GS)",
  "thread-state": "too many ways lead to an access through %gs",
  mapping: "too many ways lead to what may be a mapping that gVisor treats otherwise",
};

/** Why there is no verdict, in one line. */
export function undecidedWords(undecided: readonly Doubt[]): string {
  return `not decided: ${undecided.map((doubt) => doubtWords[doubt]).join("; ")}`;
}
