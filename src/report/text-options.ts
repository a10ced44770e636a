/** How a report is written for a terminal. */

import type { Paint } from "./paint.js";

/** How much to write, and in which colours. */
export interface TextOptions {
  /** List every site instead of one of each role; of many files, every name. */
  readonly all: boolean;
  /** List what was left alone, with the reasons, and the evidence for the runtime. */
  readonly why: boolean;
  readonly paint: Paint;
}
