/** Puts what a probe returned into a word or two, which is what the table of answers holds. */

import type { Outcome } from "../../asm/small-test.js";
import { errnoName } from "../errno.js";
import type { Difference } from "./define.js";

const SIGALRM = 14;
/** Signals by number (signal(7), x86). */
const SIGNALS: Readonly<Record<number, string>> = {
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  31: "SIGSYS",
};
const signalName = (number: number): string => SIGNALS[number] ?? `signal ${number}`;

/** "ok", "EINVAL", "hangs", "SIGSYS", a number, or one of the probe's own words. */
export function answerOf({ probe }: Difference, { value, signal }: Outcome): string {
  // The probe ends a test that takes two seconds.
  if (signal !== undefined) return signal === SIGALRM ? "hangs" : signalName(signal);
  const word = probe.words?.[Number(value)];
  if (word !== undefined) return word;
  if (value < 0n && value > -4096n) return errnoName(Number(-value));
  const last = typeof probe.steps === "function" ? undefined : probe.steps.at(-1);
  if (last !== undefined && "child" in last && value > 256n) return signalName(Number(value) - 256);
  if (probe.number) return String(value);
  return probe.words?.other ?? "ok";
}
