/** One run of the command on one of the two sides, plain or recorded, and how it ended. Counted, bounded, nothing left behind. */

import { constants } from "node:os";
import { execute } from "../../environments/run/execute.js";
import { HOST } from "../../environments/run/sandbox.js";
import { errorName } from "../../environments/trace/error-names.js";
import type { Trace } from "../../environments/trace/events.js";
import { decodeTrace } from "../../environments/trace/record.js";
import { encodeRules, type Rule, watchedBy } from "../../environments/trace/rules.js";
import { underTracer } from "../../environments/trace/tracer.js";
import { InputError } from "../../errors.js";
import type { Setting } from "./setting.js";

export type Side = "linux" | "gvisor";

/** What a user sees of a run. */
export interface Outcome {
  /** "exit 1", "SIGSEGV", "time-out". */
  readonly ending: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Run {
  readonly side: Side;
  readonly outcome: Outcome;
  readonly trace: Trace | undefined;
  /** By rule that was asked for: how often it applied. */
  readonly hits: readonly number[];
  /** Calls that were denied so that this machine stays as it is, by name. */
  readonly denied: readonly string[];
  /** Bytes of a rule did not fit, or calls were left out of the record. */
  readonly isDamaged: boolean;
  readonly seconds: number;
}

export interface RunOptions {
  readonly rules?: readonly Rule[];
  /** "all" calls, only those that the rules are about ("rules"), or next to nothing ("plain"). */
  readonly record: "all" | "rules" | "plain";
}

export interface Limits {
  readonly maxRuns: number;
  /** Seconds for the whole diagnosis. */
  readonly maxTime: number;
  /** Milliseconds for one run. */
  readonly timeout: number;
}

/** The limit of runs or of time was reached; what was found until then still holds. */
export class OutOfBudget extends Error {}

const MAX_OUTPUT = 4 << 20;
const MAX_RECORD = 96 << 20;
/** For the start and the end of the sandbox itself, in milliseconds. */
const AROUND = 30_000;

export class Runner {
  count = 0;
  /** Milliseconds for one run. */
  patience: number;
  readonly #started = performance.now();
  constructor(
    readonly setting: Setting,
    readonly command: readonly string[],
    readonly limits: Limits,
    readonly tell: (doing: string, runs: number) => void,
  ) {
    this.patience = limits.timeout;
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** Counts a run that is about to start. Throws OutOfBudget instead of one too many. */
  take(doing: string): void {
    if (this.count >= this.limits.maxRuns) throw new OutOfBudget(`after ${this.count} runs (--max-runs)`);
    if (this.seconds > this.limits.maxTime) throw new OutOfBudget(`after ${Math.round(this.seconds)} seconds (--max-time)`);
    this.count++;
    this.tell(doing, this.count);
  }

  /** Runs the command once. Throws OutOfBudget instead of a run too many. */
  async run(side: Side, doing: string, { rules = [], record }: RunOptions): Promise<Run> {
    this.take(doing);
    const { denied, linux, sandbox } = this.setting;
    const own = side === "linux" ? denied : [];
    const all = [...own, ...rules];
    const table = encodeRules(all, record === "all" ? {} : { stopAt: watchedBy(all) });
    const tracer = underTracer(this.command, {
      record: "mark",
      rules: table,
      timeout: this.patience,
      limit: MAX_RECORD,
      left: "kill",
    });
    try {
      const started = performance.now();
      const run = await execute(side === "linux" ? [...linux, ...tracer.command] : tracer.command, {
        sandbox: side === "linux" ? HOST : sandbox,
        timeout: this.patience + AROUND,
        maxOutput: MAX_OUTPUT + MAX_RECORD,
      });
      if (run.startError !== undefined) throw new InputError(`${side === "linux" ? "Linux" : sandbox.id}: ${run.startError}`);
      const errors = Buffer.from(run.stderrBytes);
      const mark = `\n${tracer.mark}\n`;
      const at = errors.indexOf(mark);
      const bytes = at < 0 ? undefined : tracer.take(errors.subarray(at + mark.length));
      const trace = bytes && decodeTrace(bytes);
      const end = trace?.end;
      if (end?.startError !== undefined)
        throw new InputError(`${this.command[0]} cannot be started ${where(side)}: ${errorName(end.startError)}`);
      if (trace === undefined && !run.timedOut && !run.outputExceeded)
        throw new InputError(
          `the command left no record ${where(side)}: ${run.stderr.trim().split("\n").at(-1) || "it wrote nothing"}`,
        );
      return {
        side,
        outcome: {
          ending: end === undefined ? (run.outputExceeded ? "too much output" : "time-out") : endingOf(end),
          stdout: latin1(run.stdoutBytes),
          stderr: latin1(at < 0 ? errors : errors.subarray(0, at)),
        },
        trace,
        hits: end?.hits.slice(own.length) ?? [],
        denied: [...new Set(own.flatMap(({ call }, i) => ((end?.hits[i] ?? 0) > 0 && call !== undefined ? [call] : [])))],
        isDamaged: trace?.events.some((event) => event.kind === "call" && event.isClamped) === true || (end?.lost ?? 0) > 0,
        seconds: (performance.now() - started) / 1000,
      };
    } finally {
      tracer.dispose();
    }
  }
}

const where = (side: Side): string => (side === "linux" ? "on Linux" : "in gVisor");

/** Bytes as they are, one character each: outputs are compared byte for byte. */
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

/** A number with two names (SIGABRT, SIGIOT) goes by the first. */
const signals = new Map(
  Object.entries(constants.signals)
    .map(([name, number]) => [number, name] as const)
    .reverse(),
);

function endingOf(end: NonNullable<Trace["end"]>): string {
  if (end.why === "timed-out") return "time-out";
  if (end.signal !== undefined) return signals.get(end.signal) ?? `signal ${end.signal}`;
  return `exit ${end.exitCode}`;
}
