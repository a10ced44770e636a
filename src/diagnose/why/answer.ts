/** What a call was answered, as far as two answers to one question can be compared. */

import type { CallEvent, Part } from "../../environments/trace/events.js";
import { isNetlink, netlinkMessages } from "../../environments/trace/netlink.js";

export interface Answer {
  /** The error, also where it stands inside a netlink reply. */
  readonly errno: number | undefined;
  /** What it returned, where that means the same in every run: "fd" and "ok" for numbers that do not. */
  readonly value: string;
  /** Bytes of the answer without what varies, as text with a character for each. */
  readonly data: string;
}

/** Results that are names of something new, or amounts that depend on time. */
const NAMES = new Set(
  `clone clone3 fork vfork wait4 waitid setsid getpgrp getpgid getsid mmap mremap shmat msgget semget shmget timer_create lseek
  epoll_wait epoll_pwait poll ppoll select pselect6 add_key gettid getpid getppid`.split(/\s+/),
);
/** Their bytes are times, loads and ports. */
const VARYING = new Set(
  `getrusage times sysinfo wait4 waitid getsockname getpeername accept accept4 clock_getres getitimer timerfd_gettime
  timer_create io_uring_setup`.split(/\s+/),
);
const PIPES = new Set(["pipe", "pipe2", "socketpair"]);
/** Bytes that are compared of structures that also hold devices, inodes and times: [from, to]. Their layouts: stat(2), statx(2), statfs(2). */
const STAT: readonly (readonly [number, number])[] = [
  [24, 36],
  [40, 48],
];
const FIELDS: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  stat: STAT,
  fstat: STAT,
  lstat: STAT,
  newfstatat: STAT,
  statx: [[20, 30]],
  statfs: [[0, 8]],
  fstatfs: [[0, 8]],
};
/** Where the mode and the size of a file stand: a directory's size is its file system's business. */
const SIZES: Readonly<Record<string, readonly [number, number]>> = {
  stat: [24, 48],
  fstat: [24, 48],
  lstat: [24, 48],
  newfstatat: [24, 48],
  statx: [28, 40],
};
const [F_GETFL, O_LARGEFILE] = [3n, 0x8000];
const [S_IFMT, S_IFREG] = [0o170000, 0o100000];

export function answerTo(event: CallEvent): Answer {
  const { call, errno, result } = event;
  if (errno !== undefined) return { errno, value: "error", data: "" };
  const out = event.parts.filter((part) => part.kind === "out");
  // O_LARGEFILE: gVisor does not show it, and nobody looks.
  if (call.name === "fcntl" && event.args[1] === F_GETFL)
    return { errno: undefined, value: String(result & ~O_LARGEFILE), data: "" };
  if (isNetlink(event.origins.get(0)) && (call.name === "recvmsg" || call.name === "recvfrom")) return netlinkAnswer(event, out);
  if (PIPES.has(call.name)) return { errno: undefined, value: "ok", data: "" };
  const value =
    call.makesDescriptor || (call.name === "fcntl" && isDuplication(event)) ? "fd" : NAMES.has(call.name) ? "ok" : String(result);
  return {
    errno: undefined,
    value,
    data: VARYING.has(call.name) ? "" : out.map((part) => comparable(call.name, part)).join("\n"),
  };
}

const isDuplication = ({ args }: CallEvent): boolean => args[1] === 0n || args[1] === 1030n;

function netlinkAnswer({ result }: CallEvent, out: readonly Part[]): Answer {
  const part = out.find(({ argument, offset }) => argument === 1 && offset === 0);
  const messages = part === undefined ? [] : netlinkMessages(part.bytes);
  const failed = messages.find((message) => message.errno !== undefined);
  if (failed !== undefined) return { errno: failed.errno, value: "error", data: "" };
  return { errno: undefined, value: String(result), data: part === undefined ? "" : text(withoutTokens(part.bytes)) };
}

/** Sequence numbers and ports only tell which question is answered; an acknowledgement repeats those of the question. */
function withoutTokens(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  let at = 0;
  for (const { length, type } of netlinkMessages(bytes)) {
    copy.fill(0, at + 8, at + 16);
    if (type === 2 && length >= 36) copy.fill(0, at + 28, at + 36);
    at += (length + 3) & ~3;
  }
  return copy;
}

function comparable(call: string, { bytes }: Part): string {
  const fields = FIELDS[call];
  if (fields === undefined) return text(bytes);
  const chosen = fields.map(([from, to]) => text(bytes.subarray(from, to))).join("");
  const [mode, size] = SIZES[call] ?? [-1, -1];
  if (mode < 0 || bytes.length < size + 8) return chosen;
  const isFile = (new DataView(bytes.buffer, bytes.byteOffset).getUint16(mode, true) & S_IFMT) === S_IFREG;
  return isFile ? chosen + text(bytes.subarray(size, size + 8)) : chosen;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

export const sameAnswer = (a: Answer, b: Answer): boolean => a.errno === b.errno && a.value === b.value && a.data === b.data;
