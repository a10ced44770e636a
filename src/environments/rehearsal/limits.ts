/** What a seccomp filter cannot imitate, in words. */

import type { RanReleaseId } from "../../gvisor/gvisor.js";
import { releaseFiles } from "../../gvisor/releases.js";

/** One sentence each; `sandfit check` finds the programs that the first five concern. */
export function limitsOf(release: RanReleaseId): string[] {
  const { uname, probes } = releaseFiles[release];
  const obeysNoreplace = Object.values(probes["map-fixed-noreplace"]).every((result) => result === "EEXIST");
  return [
    "stacks mapped with MAP_GROWSDOWN grow here and do not in gVisor",
    "systrap's own use of %gs: a read of %gs there gives gVisor's memory instead of a crash, wrgsbase and a load of %gs kill the program and harm others",
    "gVisor's ELF loader: order of segments, place of program headers, 32-bit programs, executable stacks, long #! lines",
    "systrap's run-time patching of `mov $N,%eax; syscall`, and its table at 0x60000",
    "the ptrace platform's loss of a base set by wrfsbase",
    "flags that a system call takes in memory: clone3, openat2, perf_event_open, sched_setattr",
    ...(obeysNoreplace ? [] : ["MAP_FIXED_NOREPLACE, which this release takes for a hint; the mapping then lies elsewhere"]),
    `what uname, /proc, /sys and the auxiliary vector say; uname says ${uname} there`,
    "signal frames (trap and error numbers are 0 in gVisor), speed, and address space above 0x7f0000000000 on systrap",
    "set-user-ID programs: no_new_privs is on, so they gain no rights",
  ];
}
