/** What a call asks, without what differs from run to run (addresses, lengths, process ids), and the conditions that find it again. */

import { utf8Of } from "../../bytes/text.js";
import type { CallEvent, Trace } from "../../environments/trace/events.js";
import { isNetlink } from "../../environments/trace/netlink.js";
import type { Condition } from "../../environments/trace/rules.js";

export interface Question {
  /** The same for every call that asks the same thing. */
  readonly key: string;
  readonly conditions: readonly Condition[];
  /** The path that it is about, as opened or as given. */
  readonly path: string | undefined;
}

/** Memory, threads, time and signals' masks: nothing of the system is asked by them, and they vary. Their errors count all the same. */
const INCIDENTAL = new Set(
  `brk mmap munmap mprotect madvise mremap futex set_robust_list set_tid_address rseq getrandom gettid getpid getppid clock_gettime
  gettimeofday time nanosleep clock_nanosleep sched_yield rt_sigprocmask rt_sigaction sigaltstack rt_sigreturn restart_syscall
  exit exit_group`.split(/\s+/),
);
const MEMORY = new Set(["mmap", "mprotect", "madvise", "mremap"]);
/** Numbers that are no question: registers that the kernel does not look at, random seeds, and offsets. */
const WITHOUT: Readonly<Record<string, readonly number[]>> = {
  lseek: [1],
  pread64: [3],
  pwrite64: [3],
  preadv: [3, 4],
  pwritev: [3, 4],
  clone: [0],
  clone3: [0],
  mremap: [3],
};
/** The argument that says whether a mode follows, and the mode: garbage without O_CREAT or O_TMPFILE. */
const MODES: Readonly<Record<string, readonly [number, number]>> = { open: [1, 2], openat: [2, 3], mq_open: [1, 2] };
const O_CREAT = 0x40;
const O_TMPFILE = 0x40_0000;
const LOW = 0xffff_ffffn;
/** Structures up to this size are compared as they are: sched_param, open_how, perf_event_attr's head. */
const SMALL = 48;

/** Whether the call belongs to the comparison. */
export function isAsked({ call, errno, isForeign, isUnfinished, willRestart }: CallEvent): boolean {
  if (isForeign || isUnfinished || willRestart) return false;
  return !INCIDENTAL.has(call.name) || (errno !== undefined && MEMORY.has(call.name));
}

/** Numbers that stand for processes and terminals become signs: `#` in keys, `{n}` in patterns. */
const VARYING = /^\/proc\/\d+|(?<=^\/proc\/[^/]+\/task\/)\d+|(?<=^\/dev\/pts\/)\d+/g;
const numbersTo = (path: string, sign: string) => path.replace(VARYING, (found) => found.replace(/\d+/, sign));

/** A path or origin as it stands in keys. */
export const folded = (path: string): string => numbersTo(path, "#");
export const patternOf = (path: string): string => numbersTo(path, "{n}");

/** Reads the questions of a trace in its order: a netlink answer is asked for by what was sent last. */
export class Reader {
  readonly #sent = new Map<string, Uint8Array>();

  constructor(readonly trace: Trace) {}

  /** The question of the next event. */
  read(event: CallEvent): Question {
    const { call, args, origins } = event;
    const words: string[] = [call.name];
    const conditions: Condition[] = [];
    let about: string | undefined;
    for (const [i, meaning] of call.meanings.entries()) {
      const part = event.parts.find((one) => one.argument === i && one.kind !== "out" && one.kind !== "control");
      const origin = origins.get(i);
      if (meaning === "fd") {
        words.push(origin === undefined ? "-" : folded(origin));
        if (origin !== undefined) conditions.push({ if: "origin", argument: i, is: { text: patternOf(origin) } });
        if (origin?.startsWith("/")) about ??= origin;
      } else if (meaning === "path" && part?.kind === "path") {
        const path = resolved(utf8Of(part.bytes), call.meanings[i - 1] === "fd" ? origins.get(i - 1) : undefined);
        words.push(folded(path));
        conditions.push({ if: "path", argument: i, is: { text: patternOf(path) } });
        if (path.startsWith("/")) about = path;
      } else if (meaning === "text" && part !== undefined) {
        words.push(utf8Of(part.bytes));
        conditions.push({ if: "bytes", argument: i, offset: 0, bytes: part.bytes });
      } else if (meaning === "num" && !isMode(event, i) && !WITHOUT[call.name]?.includes(i)) {
        words.push(String(BigInt.asUintN(32, args[i])));
        conditions.push({ if: "bits", argument: i, mask: LOW, value: args[i] & LOW });
      } else if (part !== undefined && ((meaning.startsWith("in:") && part.bytes.length <= SMALL) || meaning === "address")) {
        if (call.name === "clone3") continue;
        words.push(Buffer.from(part.bytes).toString("hex"));
        conditions.push({ if: "bytes", argument: i, offset: 0, bytes: part.bytes });
      }
    }
    this.#netlink(event, words, conditions);
    return { key: words.join("|"), conditions, path: about };
  }

  /** The type of the message that was sent last belongs to what is asked of a netlink socket. */
  #netlink(event: CallEvent, words: string[], conditions: Condition[]): void {
    if (!isNetlink(event.origins.get(0))) return;
    const socket = `${event.process}:${event.args[0]}`;
    if (event.call.name === "sendto" || event.call.name === "sendmsg") {
      const part = event.parts.find(({ argument, kind }) => argument === 1 && kind === "in");
      if (part === undefined || part.bytes.length < 16) return;
      // A copy of its own: a Buffer's slice() is a view.
      this.#sent.set(socket, Uint8Array.from(part.bytes.subarray(0, 16)));
      words.push(`type ${new DataView(part.bytes.buffer, part.bytes.byteOffset).getUint16(4, true)}`);
    } else if (event.call.name === "recvfrom" || event.call.name === "recvmsg") {
      const sent = this.#sent.get(socket);
      if (sent === undefined) return;
      words.push(`after type ${new DataView(sent.buffer).getUint16(4, true)}`);
      conditions.push({ if: "sent", argument: 0, offset: 4, bytes: sent.subarray(4, 6) });
    }
  }
}

function resolved(path: string, directory: string | undefined): string {
  return path.startsWith("/") || directory === undefined || path === "" ? path || (directory ?? "") : `${directory}/${path}`;
}

function isMode({ call, args }: CallEvent, argument: number): boolean {
  const [flags, mode] = MODES[call.name] ?? [-1, -1];
  return argument === mode && (Number(args[flags] & LOW) & (O_CREAT | O_TMPFILE)) === 0;
}
