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
  landmarks: 10_000_000,
} as const;

/** Throws InputError where there are more than may be. */
export function refuseMore(count: number, most: number, what: string): void {
  if (count <= most) return;
  throw new InputError(`the program has more than ${most.toLocaleString("en")} ${what}, which no real program has`);
}
