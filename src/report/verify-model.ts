/** What a verification says, as data: the JSON output of `sandfit verify` is this model (schema/verify-1.json). */

/** What one program did in one environment, over all its runs. */
export interface Outcome {
  /** The ending of each run: "exit 0", "SIGSEGV", "timeout" … */
  readonly endings: readonly string[];
  /** Whether every run was as the original's on the host; undefined where there is no such run. */
  readonly sameAsHost: boolean | undefined;
  /** What differed first: "exit", "stdout", "stderr", "files". Empty where nothing did. */
  readonly differences: readonly string[];
  /** How the first run began to write, cut after 2,000 characters a stream. */
  readonly printed: { readonly stdout: string; readonly stderr: string };
}

export interface VerifyRow {
  readonly id: string;
  /** Words in front of the program that put it there; empty for the host. */
  readonly launcher: readonly string[];
  readonly original: Outcome;
  readonly fixed: Outcome | undefined;
}

export interface VerifyReport {
  readonly version: 1;
  readonly original: string;
  readonly fixed: string | null;
  readonly args: readonly string[];
  readonly times: number;
  readonly rows: readonly VerifyRow[];
  /** Environments that could be expected, and why nothing was run there. */
  readonly notRun: readonly NotRun[];
  /** Whether FIXED (ORIGINAL where alone) did everywhere what the original does on the host; null where there was no host. */
  readonly passed: boolean | null;
  /** Sentences on what the result does not show. */
  readonly remarks: readonly string[];
}

/** An environment in which nothing was run. */
export interface NotRun {
  readonly id: string;
  /** One sentence. */
  readonly reason: string;
}

/**
 * What two programs did where there is no plain Linux to hold them against, in words: "before: SIGSEGV, after: exit 0"; undefined where
 * there is one, or only one program.
 */
export function changeHere({ passed, fixed, rows }: VerifyReport): string | undefined {
  if (passed !== null || fixed === null) return undefined;
  const endings = (side: "original" | "fixed") => [...new Set(rows.flatMap((row) => row[side]?.endings ?? []))].join(", ");
  return `before: ${endings("original")}, after: ${endings("fixed")}`;
}

/** What the result says: "helped" in words where only `changeHere` can be told, and the fixed program always ended with exit 0. */
export function resultOf(report: VerifyReport): "passed" | "failed" | "helped" | "open" {
  if (report.passed !== null) return report.passed ? "passed" : "failed";
  if (report.fixed === null) return "open";
  const endings = report.rows.flatMap((row) => row.fixed?.endings ?? []);
  if (endings.every((ending) => ending === "exit 0")) return "helped";
  // A signal or a timeout is no end of its own; an exit code may be the program's answer to these arguments.
  return endings.some((ending) => !/^exit \d+$/.test(ending)) ? "failed" : "open";
}
