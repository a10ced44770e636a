/** What each gVisor release answers to a system call as a whole. */

import type { ErrnoName } from "./errno.js";
import { type RanReleaseId, ranReleaseIds } from "./gvisor.js";
import { SYSTEM_CALL_TABLE } from "./system-call-table.js";

/** Served at least in part; refused with one error; or EPERM without a capability and ENOSYS with it. */
export type Answer = "served" | { readonly errno: ErrnoName } | { readonly capability: string };

export interface SystemCall {
  readonly number: number;
  readonly name: string;
  readonly answers: Readonly<Record<RanReleaseId, Answer>>;
}

/** Capability numbers (capabilities(7), linux/capability.h) that decide between EPERM and ENOSYS. */
export const CAPABILITIES: Readonly<Record<string, number>> = {
  CAP_SYS_MODULE: 16,
  CAP_SYS_RAWIO: 17,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_PACCT: 20,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_BOOT: 22,
  CAP_SYS_NICE: 23,
  CAP_SYS_TIME: 25,
  CAP_SYS_TTY_CONFIG: 26,
};

/** Every system call that some release has a word for, by rising number. */
export const systemCalls: readonly SystemCall[] = SYSTEM_CALL_TABLE.trim()
  .split("\n")
  .map((line) => {
    const [number, name, ...given] = line.split(" ");
    const answers = ranReleaseIds.map((id, i) => [id, answer(given[i] ?? given[0])] as const);
    return { number: Number(number), name, answers: Object.fromEntries(answers) as Record<RanReleaseId, Answer> };
  });

function answer(word: string): Answer {
  if (word === "f" || word === "p") return "served";
  if (word.startsWith("CAP_")) return { capability: word };
  return { errno: word === "-" ? "ENOSYS" : (word as ErrnoName) };
}
