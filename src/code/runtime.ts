/** Which C library or language runtime a program was built with, and for Cosmopolitan which era, as far as headers tell. */

import { positionsOf } from "../bytes/find.js";
import type { ElfView } from "../image/image.js";

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
