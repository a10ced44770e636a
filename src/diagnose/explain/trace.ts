/** Reads a trace: which program died where, of what, and which call was refused before. */

import { utf8Of } from "../../bytes/text.js";
import { errorName } from "../../environments/trace/error-names.js";
import type { CallEvent, SignalEvent, Trace as WholeTrace } from "../../environments/trace/events.js";
import { isNetlink, netlinkMessages } from "../../environments/trace/netlink.js";
import { addressText, eventText, signalName, signalText } from "../../environments/trace/text.js";

export interface Death {
  /** The file that the process had executed last, as it was named in execve. */
  readonly program: string | undefined;
  readonly signal: string;
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

/** What the events say about how it ended. */
export function readTrace({ events, end }: WholeTrace): Trace {
  const tasks = new Map<number, Task>();
  const deaths: Death[] = [];
  let last: string | undefined;
  const taskOf = (process: number): Task => {
    const known = tasks.get(process) ?? {};
    tasks.set(process, known);
    return known;
  };
  for (const event of events) {
    const task = taskOf(event.process);
    if (event.kind === "fork" && event.child !== event.process)
      tasks.set(event.child, { program: task.program, refused: task.refused });
    if (event.kind === "signal") task.signal = event;
    if (event.kind === "call") {
      if (event.call.name === "execve" && event.result === 0 && !event.isUnfinished) {
        task.program = pathOf(event);
        task.refused = undefined;
      } else if (isTelling(event)) {
        const line = eventText(event);
        // What is known to kill is not displaced by what follows from it.
        if (!OF_GS.test(task.refused ?? "")) task.refused = line;
        if (!OF_GS.test(last ?? "")) last = line;
      }
    }
    if (event.kind === "exit" && event.isLast && event.signal !== undefined && task.signal?.signal === event.signal) {
      deaths.push(deathOf(task, task.signal));
    }
  }
  const startError = end?.startError === undefined ? undefined : errorName(end.startError);
  return { deaths, refused: last ?? (startError && startLine(events)), startError };
}

function startLine(events: WholeTrace["events"]): string | undefined {
  const start = events.find((event) => event.kind === "call" && event.call.name === "execve");
  return start && eventText(start);
}

function deathOf({ program, refused }: Task, signal: SignalEvent): Death {
  return {
    program,
    signal: signalName(signal.signal),
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
