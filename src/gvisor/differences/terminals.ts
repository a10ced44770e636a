/** Terminals: requests that gVisor's pseudo-terminals do not know. */

import { result, room, text } from "../../asm/small-test.js";
import { about, type Draft, sentry } from "./define.js";
import * as s from "./steps.js";

function request(
  id: string,
  number: number,
  name: string,
  consequence: string,
  answer: Draft["cure"],
  more: Partial<Draft> = {},
): Draft {
  return {
    id,
    title: `${name} is ENOTTY`,
    kind: "refused",
    asks: [{ call: "ioctl", args: { 1: number }, answers: ["ENOTTY"] }],
    linux: { answer: "ok" },
    consequence,
    source: [sentry("fsimpl/devpts/master.go", 300)],
    probe: {
      steps: [s.must("openat", s.CWD, text("/dev/ptmx"), 0o402), s.call("ioctl", result(0), number, room())],
      anywhere: true,
    },
    cure: answer,
    ...more,
  };
}
const nothing = { how: "none", because: "the terminal would not do it" } as const;

export const terminals = about("terminals", [
  request("tty-exclusive", 0x540c, "TIOCEXCL", "minicom, picocom and pppd cannot take a terminal for themselves", {
    how: "never",
    reason: "locking",
    because: "others could still open it",
  }),
  request("tty-discipline", 0x5424, "TIOCGETD", "Programs that ask for the line discipline (slattach, ldattach, pppd) stop", {
    how: "answer",
    answer: "0, N_TTY",
  }),
  request(
    "tty-output-queue",
    0x5411,
    "TIOCOUTQ",
    "Programs that wait until all is written (screen, modem programs) cannot",
    { how: "answer", answer: "0 bytes" },
    {
      asks: [{ call: "ioctl", args: { 1: 0x5411 }, answers: ["ENOTTY"] }],
    },
  ),
  request(
    "tty-termio",
    0x5405,
    "TCGETA",
    "Programs with the older structure for terminals (old Unix tools, some BASICs) take it that there is no terminal",
    nothing,
  ),
  request("tty-device", 0x80045432, "TIOCGDEV", "systemd cannot tell which terminal is the console", nothing),
  request("tty-packet", 0x5420, "TIOCPKT", "script, expect, telnetd and rlogind fail; fixed in 2026", nothing, {
    probe: { steps: [s.must("openat", s.CWD, text("/dev/ptmx"), 0o402), s.call("ioctl", result(0), 0x5420, room())] },
  }),
  request(
    "tty-peer",
    0x5441,
    "TIOCGPTPEER",
    "LXC, systemd-nspawn and glibc's openpty take the name instead; fixed in 2026",
    nothing,
    {
      probe: {
        steps: [
          s.must("openat", s.CWD, text("/dev/ptmx"), 0o402),
          s.must("ioctl", result(0), 0x40045431, room()), // TIOCSPTLCK: unlock
          s.call("ioctl", result(0), 0x5441, 0o402),
        ],
      },
    },
  ),
  request(
    "tty-attributes-2",
    0x802c542a,
    "TCGETS2",
    "picocom, Python's and Rust's serial libraries cannot set other speeds; fixed in 2026",
    nothing,
  ),
]);
