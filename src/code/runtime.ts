/** Which C library or language runtime a program was built with, and for Cosmopolitan which era, told from its code. */

import { positionsOf } from "../bytes/find.js";
import type { ElfView } from "../image/image.js";
import { ArchCode } from "./abi.js";
import type { SegmentAccess } from "./accesses.js";
import type { Code } from "./code.js";
import type { ArchPrctl } from "./system-calls.js";

/** The C library or language runtime that a program was linked with. */
export type RuntimeName = "cosmopolitan" | "glibc" | "musl" | "go" | "unknown";

/**
 * Cosmopolitan's thread pointer on Linux: %fs:0 up to v3.2.4, %gs:0x30 from v3.3 (February 2024) to v4.0.2 (January
 * 2025), %fs:0x30 in the source after that. No version string and no e_flags value tells; only the code does.
 */
export type CosmopolitanEra = "fs-early" | "gs" | "fs-late" | "unknown";

/** What a program was linked with, and how that is known. */
export interface Runtime {
  readonly name: RuntimeName;
  /** Only for Cosmopolitan. */
  readonly era: CosmopolitanEra | undefined;
  /** What shows it, one short sentence each. */
  readonly evidence: readonly string[];
}

const hex = (value: number) => `0x${value.toString(16)}`;

/** The runtime as far as headers tell, without looking at code. */
export function runtimeFromHeaders(view: ElfView, codeBytes: Uint8Array): Runtime {
  const { interpreter, needed, sections } = view;
  const plain = (name: RuntimeName, evidence: string): Runtime => ({ name, era: undefined, evidence: [evidence] });
  if (sections.some((section) => section.name === ".go.buildinfo" || section.name === ".gopclntab")) {
    return plain("go", "it has Go's .gopclntab or .go.buildinfo section");
  }
  if (interpreter?.includes("ld-musl")) return plain("musl", `its interpreter is ${interpreter}`);
  if (interpreter?.includes("ld-linux")) return plain("glibc", `its interpreter is ${interpreter}`);
  const libc = needed.find((name) => /^libc\.(so\.6|musl)/.test(name));
  if (libc !== undefined) return plain(libc.includes("musl") ? "musl" : "glibc", `it needs ${libc}`);
  if (sections.some((section) => section.name === ".note.ABI-tag")) return plain("glibc", "it carries glibc's ABI note");
  if (positionsOf(muslSetThreadArea, codeBytes).length > 0) return plain("musl", "it has musl's __set_thread_area");
  return { name: "unknown", era: undefined, evidence: [] };
}

/** musl's src/thread/x86_64/__set_thread_area.s: mov %rdi,%rsi; movl $0x1002,%edi; movl $158,%eax; syscall; ret. */
const muslSetThreadArea = [0x48, 0x89, 0xfe, 0xbf, 0x02, 0x10, 0, 0, 0xb8, 0x9e, 0, 0, 0, 0x0f, 0x05, 0xc3];

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
