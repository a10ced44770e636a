/** Runs a command with this process's own standard input, output and error, on the host or in a gVisor sandbox. */

import { constants } from "node:os";
import { isatty } from "node:tty";
import { passSignals } from "../../files/signals.js";
import { cutOff } from "./cut-off.js";
import { type Ending, ending, signalOfCode } from "./ending.js";
import { newLog } from "./runsc-log.js";
import { HOST, runscCommand, type Sandbox } from "./sandbox.js";
import { start } from "./start.js";

export interface PassThroughOptions {
  readonly sandbox?: Sandbox;
  /** What stands alone on a line of standard error in front of text that is meant for Sandfit and not shown. */
  readonly mark?: string;
}

export interface PassedThrough extends Ending {
  /** What a shell would give as the exit code: the program's own, 128 + n for signal n, 126 or 127 where it did not start. */
  readonly status: number;
  /** Signals that this process was sent meanwhile and passed on. */
  readonly passedOn: readonly NodeJS.Signals[];
  /** What followed the mark. */
  readonly aside: string;
}

/** Runs `command` to its end. It gets the signals that this process is sent. Never throws for what the program does. */
export async function passThrough(
  command: readonly string[],
  { sandbox = HOST, mark }: PassThroughOptions = {},
): Promise<PassedThrough> {
  const log = sandbox.kind === "runsc" ? newLog() : undefined;
  const passedOn: NodeJS.Signals[] = [];
  // Before the start: it may take effect at once.
  const release = passSignals((signal) => {
    passedOn.push(signal);
    child?.kill(signal);
  });
  const { child, end } = start(sandbox.kind === "runsc" && log ? [...runscCommand(sandbox, log.path), ...command] : command, {
    stdio: [
      "inherit",
      // runsc writes a redirected regular file from offset 0, over what is there, and leaves a socket (Node's pipes are) shut down.
      log !== undefined && !isatty(1) ? "pipe" : "inherit",
      mark !== undefined || (log !== undefined && !isatty(2)) ? "pipe" : "inherit",
    ],
  });
  child?.stdout?.pipe(process.stdout, { end: false });
  const aside = child?.stderr ? cutOff(child.stderr, process.stderr, mark) : () => "";
  try {
    const how = ending(await end, sandbox, undefined, log?.takeComplaint());
    return { ...how, status: statusOf(how), passedOn, aside: aside() };
  } finally {
    release();
  }
}

/** The exit code by which a shell would report an ending (POSIX.1-2017, XCU 2.8.2). */
export function statusOf(how: Ending): number {
  if (how.startError !== undefined) return /ENOENT|no such file/.test(how.startError) ? 127 : 126;
  if (how.signal !== undefined) return 128 + constants.signals[how.signal];
  return how.exitCode ?? 1;
}

/** Signals that mean that a program crashed, not that somebody ended it. */
const CRASHES: readonly (NodeJS.Signals | undefined)[] = [
  "SIGSEGV",
  "SIGBUS",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGFPE",
  "SIGSYS",
];

/** The signal of a crash, the program's own or, told by 128 + n, that of a program it ran. */
export function crashSignal(how: Ending): NodeJS.Signals | undefined {
  const signal = how.signal ?? signalOfCode(how.exitCode);
  return CRASHES.includes(signal) ? signal : undefined;
}

/** Whether a signal, by its name, means that a program crashed. */
export function isCrash(signal: string): boolean {
  return CRASHES.some((one) => one === signal);
}
