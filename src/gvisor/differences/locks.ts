/** fcntl, locks between processes, pipes. */

import { result, room, text, words } from "../../asm/small-test.js";
import { about, type Draft, sentry } from "./define.js";
import * as s from "./steps.js";

const FILE = "syscalls/linux/sys_file.go";

function fcntl(
  id: string,
  commands: readonly number[],
  argument: number,
  name: string,
  consequence: string,
  cure: Draft["cure"],
  more: Partial<Draft> = {},
): Draft {
  return {
    id,
    title: `fcntl(${name}) is EINVAL`,
    kind: "refused",
    asks: [{ call: "fcntl", args: { 1: commands } }],
    linux: { answer: "ok" },
    consequence,
    source: [sentry(FILE, 724)],
    probe: { steps: [s.must("openat", s.CWD, text("."), 0), s.call("fcntl", result(0), commands[0], argument)] },
    cure,
    ...more,
  };
}

/** struct flock: a write lock on one byte. */
const lockOf = (byte: number) => words(1, byte, 1, 0);

export const locks = about("locks", [
  fcntl(
    "f-setlease",
    [1024],
    2,
    "F_SETLEASE",
    "Samba (kernel oplocks) and NFS servers give out files without leases",
    {
      how: "never",
      reason: "locking",
      because: "a lease that is not held must not seem to be",
    },
    {
      linux: { answer: "ok" },
      probe: {
        steps: [
          s.newFile("lease"),
          s.must("close", result(0)),
          s.must("openat", s.CWD, text("lease"), 0),
          s.call("fcntl", result(2), 1024, 0),
        ],
      },
    },
  ),
  fcntl(
    "f-notify",
    [1026],
    4,
    "F_NOTIFY",
    "Programs that watch directories by dnotify hear nothing, and may wait for ever; inotify works",
    {
      how: "none",
      because: "the signal would never come",
    },
  ),
  fcntl(
    "f-rw-hint",
    [1035, 1036, 1037, 1038],
    0,
    "F_GET_RW_HINT and F_SET_RW_HINT",
    "RocksDB says how long data lives; it goes on without",
    {
      how: "answer",
      answer: "0: a hint changes no content",
    },
    { probe: { steps: [s.newFile("hint"), s.call("fcntl", result(0), 1035, room())] } },
  ),
  fcntl(
    "f-dupfd-query",
    [1027],
    0,
    "F_DUPFD_QUERY",
    "systemd compares two descriptors so and falls back to kcmp, which is refused too",
    {
      how: "none",
      because: "whether two descriptors are the same is not known outside",
    },
    { linux: { answer: "ok", since: "6.10" } },
  ),
  {
    id: "lock-dead-lock",
    title: "two processes that wait for each other's lock wait for ever",
    kind: "dies",
    asks: [{ call: "fcntl", args: { 1: 7 } }],
    linux: { answer: "EDEADLK" },
    consequence:
      "Linux tells one of two processes that block each other by F_SETLKW; gVisor tells neither. Samba, Berkeley DB and tests of locks hang",
    remedies: [{ option: "a time limit around the lock, where the program has one" }],
    source: [sentry("fsimpl/lock/lock.go")],
    probe: {
      steps: [
        s.newFile("locks"),
        s.must("fcntl", result(0), 7, lockOf(0)),
        {
          background: true,
          child: [s.must("fcntl", result(0), 7, lockOf(1)), s.call("fcntl", result(0), 7, lockOf(0))],
        },
        s.pause(100),
        s.call("fcntl", result(0), 7, lockOf(1)),
      ],
    },
    cure: { how: "never", reason: "locking", because: "no answer about locks is made up" },
  },
  {
    id: "pipe-direct",
    title: "pipe2(O_DIRECT) is EINVAL",
    kind: "refused",
    asks: [{ call: "pipe2", args: { 1: { bits: 0x4000 } } }],
    linux: { answer: "ok" },
    consequence: "Programs that send packets through a pipe (autofs, some loggers) fail",
    probe: { steps: [s.call("pipe2", room(), 0x4000)], anywhere: true },
    cure: { how: "none", because: "without the flag packets run together" },
  },
]);
