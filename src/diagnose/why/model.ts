/** What `sandfit why` found, as data: the JSON document (schema/why-1.json), and what the text is made of. */

import type { TriedRemedy } from "./remedies.js";
import type { Outcome } from "./runs.js";
import type { Aspect, Likeness } from "./symptom.js";

/** Raised when the JSON shape changes in a way that breaks readers. */
export const WHY_VERSION = 1;

/**
 * "same": it ends alike. "explained": answers were found that make Linux end as gVisor does; `word` says how sure that is. "near": answers
 * that bring Linux near. "not-explained": none of them, nor several together. "no-answer-differs": not a system call's answer.
 * "only-untraced": it differs only without the tracer, which means timing or a race.
 */
export type Result = "same" | "explained" | "near" | "not-explained" | "no-answer-differs" | "only-untraced";

/** "proven": both ways, or on Linux with more than the exit status; three times. "shown": on Linux, by the exit status alone. */
export type Word = "proven" | "shown-on-linux-only" | "suspected";

export interface Known {
  /** `sandfit differences ID` says more. */
  readonly id: string;
  readonly title: string;
  readonly source: readonly string[];
}

/** One answer that makes the difference. */
export interface Cause {
  /** A path, or the question. */
  readonly about: string;
  /** Of one member of a numbered family; all of them were needed. */
  readonly isFamily?: true;
  /** The call as a line, with each side's answer. */
  readonly linux: string;
  readonly gvisor: string;
  readonly process: string;
  readonly occurrence: number;
  /** Calls of its process between it and the end, in gVisor. */
  readonly callsBeforeEnd: number;
  readonly known: readonly Known[];
}

export interface Proof {
  readonly side: "linux" | "gvisor";
  /** How many of gVisor's answers Linux was given, or the other way round. */
  readonly answers: number;
  readonly outcome: Outcome;
  readonly likeness: Likeness;
  /** In what it is as the other side, byte for byte. */
  readonly exactly: readonly Aspect[];
  /** In what else it is so, numbers aside. */
  readonly butForNumbers: readonly Aspect[];
  /** How often it was run, and how often it ended so. */
  readonly runs: number;
  readonly times: number;
}

/** One trial on Linux. */
export interface TrialReport {
  readonly answers: readonly string[];
  readonly likeness: Likeness;
  readonly ending: string;
}

export interface Diagnosis {
  readonly version: typeof WHY_VERSION;
  readonly command: readonly string[];
  readonly gvisor: { readonly release: string; readonly platform: string; readonly flags: readonly string[] };
  readonly isolation: "overlay" | "in place" | "recorded";
  readonly result: Result;
  readonly word?: Word;
  readonly symptom: {
    readonly differs: readonly Aspect[];
    /** Those that were explained. */
    readonly explained: readonly Aspect[];
    readonly linux: Outcome;
    readonly gvisor: Outcome;
    /** Seconds of a run without a tracer's record. */
    readonly seconds: { readonly linux: number; readonly gvisor: number };
  };
  readonly causes: readonly Cause[];
  readonly proofs: readonly Proof[];
  /** What the counter-proof had to be given besides the causes. */
  readonly further: readonly string[];
  readonly impossible: readonly string[];
  readonly remedies: readonly TriedRemedy[];
  /** Everything that differs, by rank. */
  readonly differing: readonly { readonly about: string; readonly linux: string; readonly gvisor: string }[];
  readonly noise: number;
  readonly trials: readonly TrialReport[];
  /** Calls that were answered "not permitted" on Linux, since they would change this machine. */
  readonly denied: readonly string[];
  readonly cutShort?: string;
  readonly runs: number;
  readonly seconds: number;
}
