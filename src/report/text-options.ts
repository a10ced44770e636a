/** How a report is written for a terminal. */

import { type Paint, plain } from "./paint.js";

/** How much to write, and in which colours. */
export interface TextOptions {
  /** List every location of a finding instead of the best known one; of many files, every name. */
  readonly all: boolean;
  /** Also say why and give links, list rejected candidates with their reasons, and how the runtime was detected. */
  readonly why: boolean;
  readonly paint: Paint;
  /** Columns to wrap lines at; default: none, lines stay whole. */
  readonly width?: number;
}

/** What was left out by its default: short, whole lines, no colours. */
export function completed(options: Partial<TextOptions>): TextOptions {
  return { all: false, why: false, paint: plain, ...options };
}
