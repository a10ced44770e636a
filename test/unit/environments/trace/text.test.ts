/** Traces as text, and what is made of netlink's answers and of damaged records. */

import { expect, test } from "vitest";
import { readTrace } from "../../../../src/diagnose/explain/trace.js";
import { callNamed } from "../../../../src/environments/trace/calls.js";
import { errorName } from "../../../../src/environments/trace/error-names.js";
import type { CallEvent, TraceEvent } from "../../../../src/environments/trace/events.js";
import { netlinkMessages } from "../../../../src/environments/trace/netlink.js";
import { decodeTrace } from "../../../../src/environments/trace/record.js";
import { eventText, signalText } from "../../../../src/environments/trace/text.js";

function call(name: string, args: readonly bigint[], result: number, more: Partial<CallEvent> = {}): CallEvent {
  const registers = new BigUint64Array(6);
  registers.set(args);
  return {
    kind: "call",
    process: 0,
    thread: 1,
    call: callNamed(name),
    args: registers,
    result,
    errno: result < 0 ? -result : undefined,
    parts: [],
    origins: new Map(),
    isUnfinished: false,
    isForeign: false,
    willRestart: false,
    rule: undefined,
    wasSkipped: false,
    isClamped: false,
    ...more,
  };
}

const text = (kind: "path" | "out" | "in", argument: number, bytes: Uint8Array | string, isCut = false) => {
  const all = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  return { argument, kind, offset: 0, bytes: all, isCut, wanted: all.length };
};

/** NLMSG_ERROR with an errno, and the header that it answers. */
function netlinkError(errno: number): Uint8Array {
  const bytes = new Uint8Array(36);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 36, true);
  view.setUint16(4, 2, true);
  view.setInt32(16, -errno, true);
  return bytes;
}

test.each<[CallEvent, string]>([
  [
    call("openat", [BigInt.asUintN(64, -100n), 1n, 0x80000n, 0n], -2, { parts: [text("path", 1, "/a\u001b[2J\n")] }),
    'openat(AT_FDCWD, "/a\\x1b[2J\\n", O_CLOEXEC, 0) = -1 ENOENT',
  ],
  [
    call("mmap", [0n, 4096n, 3n, 0x122n, 0xffffffffn, 0n], 0x7f0000001000),
    "MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = 0x7f0000001000",
  ],
  [call("socket", [16n, 0x80003n, 16n], -93), "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_GENERIC) = -1 EPROTONOSUPPORT"],
  [
    call("read", [0n, 1n, 9n], 2, { parts: [text("out", 1, "hi")], origins: new Map([[0, "std0"]]) }),
    'read(0<std0>, "hi", 9) = 2',
  ],
  [call("pause", [], -514, { errno: undefined, willRestart: true }), "pause() = ? (interrupted by a signal)"],
  [call("exit_group", [3n], 0, { isUnfinished: true }), "exit_group(3) <unfinished>"],
  [call("uname", [0x1000000n], -22, { rule: 0, wasSkipped: true }), "uname(0x1000000) = -1 EINVAL (changed)"],
])("%#", (event, line) => expect(eventText(event)).toContain(line));

test("signals as strace has them", () => {
  const signal = { kind: "signal", process: 0, thread: 1, signal: 11, code: 1, address: 0n, instruction: 0x401000n } as const;
  expect(signalText(signal)).toBe("--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---");
  expect(signalText({ ...signal, signal: 15, code: 0 })).toBe("--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER} ---");
  expect(eventText(signal)).toMatch(/at instruction 0x401000$/);
});

test("errors have names, and numbers where there is none", () => {
  expect([1, 11, 38, 95, 133, 41, 512].map(errorName)).toEqual([
    "EPERM",
    "EAGAIN",
    "ENOSYS",
    "EOPNOTSUPP",
    "EHWPOISON",
    "41",
    "512",
  ]);
});

test("netlink messages: several, an acknowledgement, an error, what is cut off", () => {
  const both = new Uint8Array([...netlinkError(0), ...netlinkError(95), 0, 1]);
  expect(netlinkMessages(both).map(({ errno, length }) => [errno, length])).toEqual([
    [undefined, 36],
    [95, 36],
  ]);
  expect(netlinkMessages(both.subarray(0, 50))).toHaveLength(1);
  expect(netlinkMessages(new Uint8Array(40))).toHaveLength(0);
});

test("a refusal inside a netlink reply is the refused call, and usual refusals are not", () => {
  const received = call("recvmsg", [3n, 1n, 0n], 36, {
    parts: [text("out", 1, netlinkError(95))],
    origins: new Map([[0, "socket:16:3:0"]]),
  });
  const usual = [call("rseq", [], -38), call("arch_prctl", [0x3001n, 0n], -22), call("ioctl", [0n], -22)];
  const trace = (events: TraceEvent[]) => readTrace({ events, processes: [{ path: "0", parent: undefined }], end: undefined });
  expect(trace([received, ...usual]).refused).toBe("recvmsg(3<socket:16:3:0>, {netlink -EOPNOTSUPP}, 0) = 36");
  expect(trace(usual).refused).toBeUndefined();
});

test("no record, a damaged one and one that is cut off", () => {
  const record = new Uint8Array(64);
  record.set([0x53, 0x46, 0x54, 0x52, 1, 0, 62]);
  expect(() => decodeTrace(new Uint8Array(10))).toThrow(/no record/);
  expect(() => decodeTrace(record)).toThrow(/damaged/);
  new DataView(record.buffer).setUint32(16, 4096, true);
  expect(decodeTrace(record)).toMatchObject({ events: [], end: undefined });
  record[4] = 2;
  expect(() => decodeTrace(record)).toThrow(/version 2/);
});
