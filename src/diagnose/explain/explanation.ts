/** What is known of how a command ended. */

import type { Site } from "../../rules/define.js";
import type { Setting } from "./setting.js";
import type { Known } from "./static.js";
import type { Death } from "./trace.js";

export interface Explanation {
  /** "crash": died of a signal; "start": never started; "maybe": ended with an error that a finding may be the reason of. */
  readonly kind: "crash" | "start" | "maybe";
  /** The ending in words, for the headline. */
  readonly what: string;
  readonly setting: Setting;
  /** Whether it is known which program ended it: not where the command starts others and nothing was traced. */
  readonly isKnown: boolean;
  /** Whether a trace was looked at. */
  readonly isTraced: boolean;
  /** The command as it was given, for a next step. */
  readonly command: readonly string[];
  /** Programs of the command that have findings, the likeliest first; all that could be read where none has. */
  readonly programs: readonly Known[];
  /** The command that repairs a program, by its path; none where it cannot be repaired. */
  readonly cures: ReadonlyMap<string, string>;
  /** The signal that it died of. */
  readonly signal: string | undefined;
  /** The error of execve, where it never started. */
  readonly startError: string | undefined;
  /** Where it crashed, if a trace tells. */
  readonly place: { readonly site: Site | undefined; readonly death: Death } | undefined;
  readonly refused: string | undefined;
  /** Why a file could not be started, one sentence. */
  readonly obstacle: string | undefined;
}
