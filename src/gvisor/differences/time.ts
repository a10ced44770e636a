/** Clocks and timers. */

import { failed, result, room, words } from "../../asm/small-test.js";
import { about, sentry } from "./define.js";
import * as s from "./steps.js";

export const time = about("time", [
  {
    id: "clock-tai",
    title: "there is no CLOCK_TAI",
    kind: "refused",
    asks: [{ call: ["clock_gettime", "clock_getres", "clock_nanosleep", "timerfd_create"], args: { 0: 11 } }],
    linux: { answer: "ok" },
    consequence: "ptp4l, time-sensitive network programs and C++20's tai_clock users stop",
    source: [sentry("syscalls/linux/sys_time.go", 216)],
    probe: { steps: [s.call("clock_gettime", 11, room())], anywhere: failed },
    cure: { how: "answer", answer: "CLOCK_REALTIME, as Linux answers where nobody has set the offset" },
  },
  {
    id: "timerfd-alarm",
    title: "timerfd_create for ALARM clocks is EINVAL",
    kind: "refused",
    asks: [{ call: "timerfd_create", args: { 0: [8, 9] } }],
    linux: { answer: "ok", documented: true },
    consequence: "systemd's WakeSystem= and Android's alarms fail",
    probe: { steps: [s.call("timerfd_create", 8, 0)] },
    cure: { how: "without", drop: "the alarm: CLOCK_REALTIME and CLOCK_BOOTTIME, which do not wake a machine" },
  },
  {
    id: "timerfd-cancel-on-set",
    title: "TFD_TIMER_CANCEL_ON_SET came in 2026",
    kind: "refused",
    asks: [{ call: "timerfd_settime", args: { 1: { bits: 2 } } }],
    linux: { answer: "ok" },
    consequence: "systemd and cron programs that want to hear of a changed clock fail or warn",
    probe: {
      steps: [s.call("timerfd_create", 0, 0), s.call("timerfd_settime", result(0), 3, words(0, 0, 0x7fffffff, 0), 0)],
      anywhere: failed,
    },
    cure: { how: "without", drop: "TFD_TIMER_CANCEL_ON_SET" },
  },
  {
    id: "adjtimex",
    title: "adjtimex and clock_adjtime are ENOSYS, for reading too",
    kind: "missing",
    asks: [{ call: ["adjtimex", "clock_adjtime"] }],
    linux: { answer: "ok" },
    consequence:
      "chrony, ntpd and health checks that ask whether the clock is in step (node_exporter, Ceph, CockroachDB) fail; EPERM for a user without CAP_SYS_TIME",
    source: [sentry("syscalls/linux/linux64.go", 204)],
    probe: { steps: [s.call("adjtimex", room())] },
    cure: { how: "answer", answer: "for a query (modes 0): TIME_OK with zeros" },
  },
]);
