/** What a caller may choose about a package, and how it hears of the work. */

import type { ResultForm } from "../fix/form.js";
import type { Allowance } from "../fix/plan.js";
import type { Limits } from "../input/archive/limits.js";

export interface PackOptions {
  readonly limits: Limits;
  /** Leave out programs that cannot be fixed, instead of stopping. */
  readonly keepGoing: boolean;
  readonly allow: readonly Allowance[];
  /** What APEs become. */
  readonly as: ResultForm;
  readonly allowCaseCollisions: boolean;
  /** Replace outputs that exist. */
  readonly force: boolean;
}

/** Hears how far the work is. */
export interface Progress {
  /** A part of the work begins: in words, and how much there is to do. */
  start(what: string, total: number): void;
  advance(count: number): void;
}
