/** Building blocks of the probes: calls by name, and the sockets and files that many of them start with. */

import {
  type Argument,
  type Must,
  type Pointed,
  type Poke,
  room,
  type Step,
  type TestStep,
  words,
} from "../../asm/small-test.js";
import { numberOfCall } from "../system-calls.js";

/** Calls that are younger than the table of what gVisor has: number by name, for x86-64. */
const YOUNGER: Readonly<Record<string, number>> = {
  mount_setattr: 442,
  landlock_create_ruleset: 444,
  memfd_secret: 447,
  futex_waitv: 449,
  cachestat: 451,
  fchmodat2: 452,
  statmount: 457,
  listmount: 458,
  mseal: 462,
  setxattrat: 463,
  open_tree_attr: 467,
  file_getattr: 468,
};
const numbers = new Map([...numberOfCall, ...Object.entries(YOUNGER)]);

/** The number of a call; undefined for a name that no record uses. */
export const numberOf = (name: string): number | undefined => numbers.get(name);

/** A system call by name. */
export function call(name: string, ...args: Argument[]): Step {
  const number = numbers.get(name);
  if (number === undefined) throw new Error(`no number is known for ${name}`);
  return [number, ...args];
}

/** A call without which the others mean nothing. */
export const must = (name: string, ...args: Argument[]): Must => ({ must: call(name, ...args) });

export const CWD = -100;
export const AF = { unix: 1, inet: 2, inet6: 10, netlink: 16, packet: 17 } as const;
export const [STREAM, DATAGRAM, RAW] = [1, 2, 3];
export const [SOL_SOCKET, SOL_IP, SOL_TCP, SOL_UDP, SOL_IPV6, SOL_TLS] = [1, 0, 6, 17, 41, 282];

/** struct sockaddr_in of 127.0.0.1, any port. */
export const LOOPBACK = words(0x0100007f00000002n, 0);
/** The same of 192.0.2.1, an address that no machine has (RFC 5737). */
export const NOT_OURS = words(0x010200c000000002n, 0);

const bound = (type: number): TestStep[] => [must("socket", AF.inet, type, 0), must("bind", { result: 0 }, LOOPBACK, 16)];
/** Blocking receives end after 0.3 s (SO_RCVTIMEO). */
const patience = (socket: number): Must => must("setsockopt", { result: socket }, SOL_SOCKET, 20, words(0, 300_000), 16);

/** Two UDP sockets over loopback: `receiver` and `sender` are results; the next step is number 6. */
export const udpPair: readonly TestStep[] = [
  ...bound(DATAGRAM),
  must("getsockname", { result: 0 }, room(0x100), words(16)),
  must("socket", AF.inet, DATAGRAM, 0),
  must("connect", { result: 3 }, room(0x100), 16),
  patience(0),
];
export const receiver: Argument = { result: 0 };
export const sender: Argument = { result: 3 };

/** A TCP connection over loopback: `client` and `server` are results; the next step is number 8. */
export const tcpPair: readonly TestStep[] = [
  ...bound(STREAM),
  must("listen", { result: 0 }, 1),
  must("getsockname", { result: 0 }, room(0x100), words(16)),
  must("socket", AF.inet, STREAM, 0),
  must("connect", { result: 4 }, room(0x100), 16),
  must("accept", { result: 0 }, 0, 0),
  patience(6),
];
export const client: Argument = { result: 4 };
export const server: Argument = { result: 6 };

/** setsockopt of an int. */
export const set = (socket: Argument, level: number, option: number, value: number): Must =>
  must("setsockopt", socket, level, option, words(value), 4);

/** Whether an option that was set can be read: the number of the socket, set, get. */
export const setAndGet = (family: number, type: number, level: number, option: number, value = 1): TestStep[] => [
  must("socket", family, type, 0),
  set({ result: 0 }, level, option, value),
  call("getsockopt", { result: 0 }, level, option, room(), words(4)),
];

/** A pause, in milliseconds. */
export const pause = (milliseconds: number): Step => call("nanosleep", words(0, milliseconds * 1_000_000), 0);

/** struct msghdr for recvmsg: no data wanted, 1 kB of control messages at 0x800 of the room. */
export const controlOnly: Pointed = words(0, 0, words(room(0x400), 0x100), 1, room(0x800), 0x400, 0);

/** struct pollfd at `at` of the room, for POLLIN. */
export const pollIn = (at: number, socket: number): readonly [Poke, Poke] => [
  { poke: at, size: 4, value: { result: socket } },
  { poke: at + 4, size: 2, value: 1 },
];

/** An instruction of classic BPF (struct sock_filter). */
export const bpf = (code: number, k: number, jumpTrue = 0, jumpFalse = 0): bigint =>
  BigInt(code) | (BigInt(jumpTrue) << 16n) | (BigInt(jumpFalse) << 24n) | (BigInt(k >>> 0) << 32n);

/** A new file in the working directory, opened for reading and writing (O_CREAT|O_RDWR). */
export const newFile = (name: string): Must => must("openat", CWD, { text: name }, 0o102, 0o600);

/** Mounts of our own from here on: unshare(CLONE_NEWNS), and nothing of it is seen outside (MS_REC|MS_PRIVATE, which 2022 refuses). */
export const ownMounts: readonly TestStep[] = [
  must("unshare", 0x20000),
  call("mount", { text: "none" }, { text: "/" }, 0, 0x44000, 0),
];
