/** Reads a trace: which program died where, of what, and which call was refused before. */

import { basename, isAbsolute, join, resolve } from "node:path";
import { utf8Of } from "../../bytes/text.js";
import { errorName } from "../../environments/trace/error-names.js";
import type { CallEvent, SignalEvent, Trace as WholeTrace } from "../../environments/trace/events.js";
import { isNetlink, netlinkMessages } from "../../environments/trace/netlink.js";
import { addressText, eventText, signalName, signalText } from "../../environments/trace/text.js";

export interface Death {
  /** The program that the process was: of what an APE loader maps, the program that it was given, not the loader. */
  readonly program: string | undefined;
  readonly signal: string;
  /** Where a handler of its own caught the signal: the exit code that it ended with then. */
  readonly exitCode: number | undefined;
  /** The signal as one line, as strace has it. */
  readonly signalLine: string;
  /** Address of the instruction that was running, 0 for a jump to nowhere. */
  readonly instruction: number | undefined;
  /** The address that could not be accessed, in hexadecimal; NULL for 0. */
  readonly address: string | undefined;
  /** The call that was refused before and that tells most, as one line. */
  readonly refused: string | undefined;
}

export interface Trace {
  /** Processes that died of a signal, in order. */
  readonly deaths: readonly Death[];
  /** Programs whose ARCH_SET_GS was refused and that ended with an error, each once. */
  readonly withoutGs: readonly string[];
  /** The last telling refusal of all processes. */
  readonly refused: string | undefined;
  /** The error of the command's own execve: it could not be started. */
  readonly startError: string | undefined;
}

/** What is known of a process while its events go by. */
interface Task {
  program?: string | undefined;
  refused?: string | undefined;
  signal?: SignalEvent;
  /** The last signal of a crash, which need not have ended it. */
  crash?: SignalEvent;
  /** Its working directory. */
  folder: string;
}

/** Refused by the kernel for what it is, not for what is missing or forbidden. */
const REFUSED = ["EINVAL", "ENOSYS", "EOPNOTSUPP", "EPROTONOSUPPORT", "ENOEXEC", "ENODEV", "ENXIO"];
/** rseq and clone3 have fallbacks, and older kernels refuse them too. */
const USUAL = ["rseq", "clone3", "ioctl", "readlink"];
const PR_SET_VMA = 0x53564d41n;
/** glibc asks for CET's state so at every start (arch_prctl(0x3001)). */
const CET_STATUS = 0x3001n;
const MAP_GROWSDOWN = 0x100n;
const OF_GS = /^arch_prctl\(ARCH_[SG]ET_GS/;
/** ape, .ape-1.10, ape-x86_64.elf: what Cosmopolitan's programs are started through. */
const APE_LOADER = /^\.?ape(?:[-.]|$)/;
/** SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS. */
const CRASHES = [4, 5, 6, 7, 8, 11, 31];

/** Whether a refused call is the one that rule tls-in-gs is about. */
export const isRefusalOfGs = (line: string | undefined): boolean => OF_GS.test(line ?? "");

/** What the events say about how it ended. `folder` is the working directory of the command. */
export function readTrace({ events, end }: WholeTrace, folder = process.cwd()): Trace {
  const withoutGs = new Set<string>();
  const tasks = new Map<number, Task>();
  const deaths: Death[] = [];
  let last: string | undefined;
  const taskOf = (process: number): Task => {
    const known = tasks.get(process) ?? { folder };
    tasks.set(process, known);
    return known;
  };
  for (const event of events) {
    const task = taskOf(event.process);
    if (event.kind === "fork" && event.child !== event.process)
      tasks.set(event.child, { program: task.program, refused: task.refused, folder: task.folder });
    if (event.kind === "signal") {
      task.signal = event;
      if (event.code > 0 && CRASHES.includes(event.signal)) task.crash = event;
    }
    if (event.kind === "call") {
      if (event.call.name === "execve" && event.result === 0 && !event.isUnfinished) {
        task.program = programOf(event, task.folder, folder);
        task.refused = undefined;
        delete task.crash;
      } else if (event.result === 0 && (event.call.name === "chdir" || event.call.name === "fchdir")) {
        task.folder = resolve(task.folder, pathOf(event) ?? event.origins.get(0) ?? ".");
      } else if (isTelling(event)) {
        const line = eventText(event);
        // What is known to kill is not displaced by what follows from it.
        if (!OF_GS.test(task.refused ?? "")) task.refused = line;
        if (!OF_GS.test(last ?? "")) last = line;
      }
    }
    if (event.kind !== "exit" || !event.isLast) continue;
    const isWithoutGs = OF_GS.test(task.refused ?? "") && event.exitCode !== 0;
    if (isWithoutGs && task.program !== undefined) withoutGs.add(task.program);
    if (event.signal !== undefined && task.signal?.signal === event.signal) deaths.push(deathOf(task, task.signal));
    // Cosmopolitan's handler reports the crash and exits. Others (of Java, Go) live on faults that they handle.
    else if (isWithoutGs && event.signal === undefined && task.crash) deaths.push(deathOf(task, task.crash, event.exitCode));
  }
  const startError = end?.startError === undefined ? undefined : errorName(end.startError);
  return { deaths, withoutGs: [...withoutGs], refused: last ?? (startError && startLine(events)), startError };
}

function startLine(events: WholeTrace["events"]): string | undefined {
  const start = events.find((event) => event.kind === "call" && event.call.name === "execve");
  return start && eventText(start);
}

function deathOf({ program, refused }: Task, signal: SignalEvent, exitCode?: number): Death {
  return {
    program,
    signal: signalName(signal.signal),
    exitCode,
    signalLine: signalText(signal),
    instruction: Number(signal.instruction),
    address: signal.code > 0 ? addressText(signal.address) : undefined,
    refused,
  };
}

function isTelling(event: CallEvent): boolean {
  const { call, args, errno } = event;
  if (event.isForeign || event.isUnfinished) return false;
  if (call.name === "mmap" && (args[3] & MAP_GROWSDOWN) !== 0n) return true;
  if (isNetlink(event.origins.get(0)) && netlinkErrors(event).some((error) => REFUSED.includes(error))) return true;
  if (errno === undefined || !REFUSED.includes(errorName(errno)) || USUAL.includes(call.name)) return false;
  return !(call.name === "arch_prctl" && args[0] === CET_STATUS) && !(call.name === "prctl" && args[0] === PR_SET_VMA);
}

/** The receiving call succeeded; the error stands in the message. */
function netlinkErrors({ parts }: CallEvent): string[] {
  return parts
    .filter(({ kind, offset }) => kind === "out" && offset === 0)
    .flatMap(({ bytes }) => netlinkMessages(bytes))
    .flatMap(({ errno }) => (errno === undefined ? [] : [errorName(errno)]));
}

function pathOf({ parts }: CallEvent): string | undefined {
  const path = parts.find(({ kind }) => kind === "path");
  return path && utf8Of(path.bytes);
}

/** What execve started, as it is found from `start`: behind an APE loader the program that it was given (`ape PROG` or `ape - PROG ARGV0`). */
function programOf(event: CallEvent, folder: string, start: string): string | undefined {
  const path = pathOf(event);
  if (path === undefined) return undefined;
  const words = event.parts.find(({ kind }) => kind === "arguments");
  const [, first, second] = words === undefined ? [] : utf8Of(words.bytes).split("\0");
  const given = APE_LOADER.test(basename(path)) ? (first === "-" ? second : first) : undefined;
  const program = given === undefined || given === "" ? path : given;
  return isAbsolute(program) || folder === start ? program : join(folder, program);
}
