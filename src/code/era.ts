/** Which era of Cosmopolitan a program is of, told from the code that Linux would run. */

import { ArchCode } from "./abi.js";
import type { SegmentAccess } from "./accesses.js";
import type { Code } from "./code.js";
import { type CosmopolitanEra, type Runtime, runtimeFromHeaders } from "./runtime.js";
import type { ArchPrctl } from "./system-calls.js";

const hex = (value: number) => `0x${value.toString(16)}`;

/** The runtime and era of a Cosmopolitan program, from what Linux would run. */
export function runtimeFromCode(
  code: Code,
  gs: readonly SegmentAccess[],
  fs: readonly SegmentAccess[],
  archPrctls: readonly ArchPrctl[],
): Runtime {
  if (code.hostVariable === undefined) return runtimeFromHeaders(code.view, code.space.bytes);
  const evidence = [`its entry point keeps the system it runs on in a byte at ${hex(code.hostVariable)} (__hostos)`];
  const threadState = (access: SegmentAccess) => access.onLinux && access.use === "thread-state" && access.evidence !== "swept";
  // Accesses through a register (mov %gs:(%rax),%rax) also stand in v3.2.2 to v3.2.4, for the case that they moved themselves.
  const onGs = gs.filter((access) => threadState(access) && access.offset !== undefined);
  const onFs = fs.filter(threadState);
  const setsGs = archPrctls.filter((call) => call.code === ArchCode.SET_GS);
  const setsFs = archPrctls.filter((call) => call.code === ArchCode.SET_FS);
  const at = (call: ArchPrctl) => hex(code.space.addressOf(call.constant.position));
  let era: CosmopolitanEra = "unknown";
  if (setsGs.length > 0 && onGs.length > 0) {
    era = "gs";
    evidence.push(`on Linux it calls arch_prctl(ARCH_SET_GS) (the constant stands at ${at(setsGs[0])})`);
    evidence.push(`${onGs.length} reads of thread state through %gs are on Linux's path`);
  } else if (setsFs.length > 0 && onGs.length > 0 && !onFs.some((access) => access.offset !== undefined)) {
    // The current source reads through %gs for macOS; what Linux reads it reads through %fs.
    era = "gs";
    evidence.push(`on Linux it calls arch_prctl(ARCH_SET_FS) (the constant stands at ${at(setsFs[0])})`);
    evidence.push(
      `${onGs.length} reads of thread state are through %gs all the same: it was repaired to rewrite itself, or half so`,
    );
  } else if (onFs.length > 0) {
    const early = onFs.filter((access) => access.offset === 0).length;
    const late = onFs.filter((access) => access.offset === 0x30).length;
    if (early > 0 || late > 0) era = early > late ? "fs-early" : "fs-late";
    if (setsFs.length > 0) evidence.push(`on Linux it calls arch_prctl(ARCH_SET_FS) (the constant stands at ${at(setsFs[0])})`);
    evidence.push(`${onFs.length} accesses to thread state through %fs are on Linux's path`);
  }
  return { name: "cosmopolitan", era, evidence };
}
