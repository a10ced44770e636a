/** What no real program has so much of: programs made to harm end here, in a sentence, before time and memory do. */

import { InputError } from "../errors.js";

/**
 * The most of each. The largest program that is known has 108 accesses through %gs, one of 500 MB made of node's code has 250,000
 * look-alikes, and static programs have some hundred `syscall` instructions.
 */
export const Most = {
  gsAccesses: 50_000,
  /** glibc's stack protector makes one in each function. */
  fsAccesses: 5_000_000,
  lookAlikes: 500_000,
  systemCalls: 10_000,
  sites: 100_000,
  sightings: 10_000_000,
} as const;

/** Throws InputError where there are more than may be. */
export function refuseMore(count: number, most: number, what: string): void {
  if (count <= most) return;
  throw new InputError(`the program has more than ${most.toLocaleString("en")} ${what}, which no real program has`);
}

/** What all searches through one program's code may take together, and more for each byte. The most that was seen are 13,000 for 3 MB. */
const LEAST_STEPS = 1_000_000;
const STEPS_A_BYTE = 1;

/** The steps that searches through one program's code have taken, an instruction or an edge each. */
export class Steps {
  /** How many so far; tests hold it against the size of the input. */
  taken = 0;
  private readonly most: number;

  constructor(codeBytes: number, aByte = STEPS_A_BYTE) {
    this.most = LEAST_STEPS + aByte * codeBytes;
  }

  /** Counts them. False where there were more than all searches together may take: then the search has to be given up. */
  take(count = 1): boolean {
    this.taken += count;
    return this.taken <= this.most;
  }
}

/** Where a search cannot say of its answer that it is not whole: it is given up as such. */
export class GaveUpError extends Error {}
