/** Which known differences a traced call may be. */

import { describe, expect, test } from "vitest";
import { suspectsFor, type TracedEvent } from "../../../src/gvisor/differences/suspects.js";

const ids = (event: TracedEvent, setting?: Parameters<typeof suspectsFor>[1]) => suspectsFor(event, setting).map(({ id }) => id);

describe("by call, arguments and answer", () => {
  test.each<[string, TracedEvent, string[]]>([
    ["a netlink family", { call: "socket", args: [16, 3, 16], answer: "EPROTONOSUPPORT" }, ["netlink-generic"]],
    ["the same, answered as on Linux", { call: "socket", args: [16, 3, 16], answer: "ok" }, []],
    ["another family", { call: "socket", args: [16, 3, 0], answer: "EPROTONOSUPPORT" }, []],
    ["a raw socket with flags", { call: "socket", args: [2, 0x80003, 1], answer: "EPERM" }, ["raw-socket"]],
    ["kernel TLS, which answers 0", { call: "setsockopt", args: [4, 6, 31, "tls", 3], answer: "ok" }, ["ktls-clear-text"]],
    ["its keys", { call: "setsockopt", args: [4, 282, 1, undefined, 40], answer: "ok" }, ["ktls-clear-text", "unknown-option"]],
    [
      "a flag among others",
      { call: "fallocate", args: [3, 3, 0, 4096], answer: "EOPNOTSUPP" },
      ["fallocate-keep-size", "fallocate-punch-hole"],
    ],
    ["a plain one", { call: "fallocate", args: [3, 0, 0, 4096], answer: "EOPNOTSUPP" }, []],
    ["a file system by its name", { call: "mount", args: ["none", "/x", "tracefs", 0, 0], answer: "ENODEV" }, ["mount-tracefs"]],
    ["one request, two answers", { call: "ioctl", args: [3, 0x5411], answer: "ENOTTY" }, ["tty-output-queue"]],
    [
      "all 64 bits of a register",
      { call: "personality", args: [0xffffffff00040000n], answer: "EINVAL" },
      ["personality-no-randomize"],
    ],
    ["a hang", { call: "fcntl", args: [3, 7], answer: "hangs" }, ["lock-dead-lock"]],
    ["a lock that is had", { call: "fcntl", args: [3, 7], answer: "ok" }, []],
    ["a call that has no record", { call: "read", args: [3], answer: "EIO" }, []],
  ])("%s", (_, event, expected) => {
    expect(ids(event)).toEqual(expected);
  });
});

test.each([
  ["/proc/vmstat", ["proc-vmstat"]],
  ["/proc/self/smaps_rollup", ["proc-self-smaps-rollup"]],
  ["/proc/4711/smaps_rollup", ["proc-self-smaps-rollup"]],
  ["/sys/devices/system/node/node0/meminfo", ["sys-devices-system-node"]],
  ["/sys/devices/system/node", ["sys-devices-system-node"]],
  ["/proc/vmstat/x", []],
  ["/etc/passwd", []],
])("by path: %s", (path, expected) => {
  expect(ids({ call: "openat", path, answer: "ENOENT" })).toEqual(expected);
});

test("by the call that made the descriptor", () => {
  const bind: TracedEvent = { call: "bind", args: [3], answer: "EOPNOTSUPP" };
  expect(ids(bind)).toEqual([]);
  expect(ids({ ...bind, of: { call: "socket", args: [2, 1, 0] } })).toEqual([]);
  expect(ids({ ...bind, of: { call: "socket", args: [16, 3, 0] } })).toEqual(["netlink-groups"]);
});

test("only those of the release and platform", () => {
  const open: TracedEvent = { call: "openat2", args: [-100], answer: "ENOSYS" };
  expect(ids(open, "2024-07/systrap")).toEqual(["openat2"]);
  expect(ids(open, "2026-09/systrap")).toEqual([]);
  const map: TracedEvent = { call: "mmap", args: [0x7f0000000000n, 4096, 3, 0x32], answer: "ENOMEM" };
  expect(ids(map, "2026-09/systrap")).toEqual(["high-address"]);
  expect(ids(map, "2026-09/ptrace")).toEqual([]);
});

test("whatever it answered, where that is not known", () => {
  expect(ids({ call: "landlock_create_ruleset" })).toEqual(["landlock"]);
});
