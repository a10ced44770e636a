/** What each gVisor release answers to a system call as a whole, by its own `runsc help syscalls`. */

import type { ErrnoName } from "./errno.js";
import type { RanReleaseId } from "./gvisor.js";
import { releaseFiles } from "./releases.js";

/** Served at least in part; refused with one error; or EPERM without a capability and ENOSYS with it. */
export type Answer = "served" | { readonly errno: ErrnoName } | { readonly capability: string };

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

/** Every system call that a release has a word for, by number; to others it answers ENOSYS. */
export function systemCallsOf(release: RanReleaseId): Map<number, Answer> {
  const words = Object.entries(releaseFiles[release].systemCalls);
  return new Map(words.map(([call, word]) => [Number.parseInt(call, 10), answer(word)]));
}

/** The number of each system call by its name, as far as some release has a word for it (x86-64). */
export const numberOfCall: ReadonlyMap<string, number> = new Map(
  Object.values(releaseFiles)
    .flatMap(({ systemCalls }) => Object.keys(systemCalls))
    .map((call) => {
      const [number = "", name = ""] = call.split(" ");
      return [name, Number(number)];
    }),
);

function answer(word: string): Answer {
  if (word === "full" || word === "partial") return "served";
  return word.startsWith("CAP_") ? { capability: word } : { errno: word as ErrnoName };
}
