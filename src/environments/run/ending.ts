/** How a run ended, in the same words for the host and for gVisor. */

import { constants } from "node:os";
import type { Sandbox } from "./sandbox.js";

export interface Ending {
  /** Exit code, or undefined where a signal ended the program or it never started. */
  readonly exitCode: number | undefined;
  /** The signal that ended it. */
  readonly signal: NodeJS.Signals | undefined;
  /** Ended because its time was up; `signal` is then SIGKILL. */
  readonly timedOut: boolean;
  /** Ended because it wrote more than it was allowed; `signal` is then SIGKILL. */
  readonly outputExceeded: boolean;
  /** Why the program could not be started at all: the system's error code, or runsc's own words. */
  readonly startError: string | undefined;
}

/** What Node tells of a child process; no `pid` where it was not started. */
export interface Raw {
  readonly pid: number | undefined;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
}

/** runsc exits so when it could not do its own work (gVisor runsc/cli/main.go, end of Main). */
const RUNSC_FAILED = 128;
/** Numbers with two names (SIGABRT and SIGIOT) go by the first, as Node has it for the host. */
const NAMES = new Map(
  Object.entries(constants.signals)
    .map(([name, number]) => [number, name as NodeJS.Signals] as const)
    .reverse(),
);

/**
 * Puts an ending together. runsc reports a program that died of signal n as its own exit code 128 + n (runsc/cli/main.go: "No good
 * way to return it, emulate what the shell does"), which is turned back here; a program that returns such a code looks the same.
 */
export function ending(raw: Raw, sandbox: Sandbox, why: "time" | "output" | undefined, complaint: string | undefined): Ending {
  const base = {
    exitCode: undefined,
    signal: undefined,
    timedOut: why === "time",
    outputExceeded: why === "output",
    startError: undefined,
  };
  if (why !== undefined) return { ...base, signal: "SIGKILL" };
  if (raw.pid === undefined) return { ...base, startError: raw.code ?? "could not be started" };
  if (raw.signal !== undefined) return { ...base, signal: raw.signal as NodeJS.Signals };
  if (sandbox.kind === "runsc") {
    if (raw.exitCode === RUNSC_FAILED && complaint !== undefined) return { ...base, startError: complaint };
    const signal = signalOfCode(raw.exitCode);
    if (signal) return { ...base, signal };
  }
  return { ...base, exitCode: raw.exitCode };
}

/** The signal that a shell or runsc means by an exit code of 128 + n. */
export function signalOfCode(code: number | undefined): NodeJS.Signals | undefined {
  return code === undefined || code <= 128 ? undefined : NAMES.get(code - 128);
}

/** An ending in a few words: "exit 0", "SIGSEGV", "timeout". */
export function describeEnding(ending: Ending): string {
  if (ending.timedOut) return "timeout";
  if (ending.outputExceeded) return "too much output";
  if (ending.startError !== undefined) return `not started: ${ending.startError}`;
  return ending.signal ?? `exit ${ending.exitCode}`;
}

/** Whether two runs ended alike, taking exit 128 + n (a shell's or a launcher's way to say it) for signal n. */
export function sameEnding(a: Ending, b: Ending): boolean {
  const plain = (x: Ending): string => describeEnding({ ...x, signal: x.signal ?? signalOfCode(x.exitCode) });
  return plain(a) === plain(b);
}
