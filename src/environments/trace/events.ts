/** What a trace consists of: what the tracer wrote down, decoded, and nothing made of it yet. */

import type { Call } from "./calls.js";

export type PartKind = "path" | "text" | "in" | "out" | "name" | "control" | "arguments";

/** Bytes that belong to a call: of its question ("in", "path", …) or of its answer ("out", "control"; "name" of a received message). */
export interface Part {
  /** Index of the argument that they belong to. */
  readonly argument: number;
  readonly kind: PartKind;
  /** Where they begin in the memory that the argument points to; in a vector's or message's content, 0. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** Whether there was more than the tracer keeps or could read: no evidence then. */
  readonly isCut: boolean;
  /** How many bytes there were. */
  readonly wanted: number;
}

interface Base {
  /** Index in Trace.processes. */
  readonly process: number;
  /** The thread's id. */
  readonly thread: number;
}

export interface CallEvent extends Base {
  readonly kind: "call";
  readonly call: Call;
  /** The six registers that hold arguments. */
  readonly args: BigUint64Array;
  /** As the kernel returned it, or a rule: -errno where it failed. Meaningless where it is unfinished. */
  readonly result: number;
  /** The error's number, where it failed. */
  readonly errno: number | undefined;
  readonly parts: readonly Part[];
  /** By argument: what made the descriptor: a path as opened, "socket:16:3:15", "accept:…", "std0", "call:290". */
  readonly origins: ReadonlyMap<number, string>;
  /** The process or thread ended before the call did. */
  readonly isUnfinished: boolean;
  /** Made by 32-bit code: the number and the name do not belong together. */
  readonly isForeign: boolean;
  /** A signal interrupted it, and it is asked again: the result is the kernel's note to itself, no answer. */
  readonly willRestart: boolean;
  /** Index of the rule that applied. */
  readonly rule: number | undefined;
  /** The kernel never saw the call: the answer is a rule's, or a stand-in's. */
  readonly wasSkipped: boolean;
  /** A rule's bytes did not fit into the caller's memory: no evidence. */
  readonly isClamped: boolean;
}

export interface ForkEvent extends Base {
  readonly kind: "fork";
  /** The same as `process` where it is a thread. */
  readonly child: number;
  readonly childThread: number;
  readonly flags: bigint;
}

export interface ExecEvent extends Base {
  readonly kind: "exec";
  /** The id that the thread had before; another one where it was not its process's first. */
  readonly before: number;
}

export interface ExitEvent extends Base {
  readonly kind: "exit";
  readonly exitCode: number | undefined;
  readonly signal: number | undefined;
  /** Whether it was the last thread of its process. */
  readonly isLast: boolean;
}

export interface SignalEvent extends Base {
  readonly kind: "signal";
  readonly signal: number;
  /** si_code: positive from the kernel, 0 and below from a process. */
  readonly code: number;
  /** si_addr, where the signal is about an access; other fields of siginfo_t otherwise. */
  readonly address: bigint;
  /** The instruction that was running or will be next. */
  readonly instruction: bigint;
}

export type TraceEvent = CallEvent | ForkEvent | ExecEvent | ExitEvent | SignalEvent;

export interface TracedProcess {
  /** "0" is the command, "0.1" its second child. */
  readonly path: string;
  readonly parent: number | undefined;
}

export interface TraceEnd {
  readonly why: "ended" | "timed-out";
  readonly exitCode: number | undefined;
  readonly signal: number | undefined;
  /** The errno by which the command could not be started. */
  readonly startError: number | undefined;
  /** Calls that did not fit into the record's limit. */
  readonly lost: number;
  /** By rule: how often it applied. */
  readonly hits: readonly number[];
}

export interface Trace {
  readonly events: readonly TraceEvent[];
  readonly processes: readonly TracedProcess[];
  /** Missing where the tracer itself was killed. */
  readonly end: TraceEnd | undefined;
}
