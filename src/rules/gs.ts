/** What the rules about %gs share. */

import type { Analysis, Subject } from "./define.js";

/**
 * Whether code can give %gs a base of its own at all: it holds `mov $0x1001,%r32` (ARCH_SET_GS) or `wrgsbase`.
 * Works on raw bytes at memory speed, so it also says yes to text that looks like that; the walk decides then.
 */
export function canSetGs(code: Uint8Array): boolean {
  for (let at = code.indexOf(0x10); at >= 0; at = code.indexOf(0x10, at + 1)) {
    // b8+r 01 10 00 00: mov $0x1001,%r32; c7 c0+r 01 10 00 00: mov $0x1001,%r64
    if (code[at - 1] !== 0x01 || code[at + 1] !== 0 || code[at + 2] !== 0) continue;
    const opcode = code[at - 2];
    if ((opcode & 0xf8) === 0xb8 || ((opcode & 0xf8) === 0xc0 && code[at - 3] === 0xc7)) return true;
  }
  return hasWrgsbase(code);
}

/** F3 REX.W 0F AE /3 with mod 3 (SDM vol. 2B, WRFSBASE/WRGSBASE). */
export function hasWrgsbase(code: Uint8Array): boolean {
  for (let at = code.indexOf(0xae); at >= 0; at = code.indexOf(0xae, at + 1)) {
    if (code[at - 1] !== 0x0f || (code[at + 1] & 0xf8) !== 0xd8) continue;
    if (code[at - 2] === 0xf3 || ((code[at - 2] & 0xf0) === 0x40 && code[at - 3] === 0xf3)) return true;
  }
  return false;
}

/**
 * Whether %fs is in use beside %gs: by the program on Linux's path, or by the libraries that share its process. What uses
 * %fs at all has accesses of the plain form %fs:offset (the thread pointer at 0, the stack guard at 0x28).
 */
export function usesFs(subject: Subject, analysis: Analysis): boolean {
  if (subject.view.interpreter !== undefined || subject.view.needed.length > 0) return true;
  return analysis.fs.found.some((access) => access.onLinux && access.evidence !== "swept" && access.offset !== undefined);
}

/** The string in the data of programs that link cosmo_dlopen (libc/dlopen/dlopen.c). */
export function hostLibcMarker(analysis: Analysis): boolean {
  return analysis.code.data.includesText("dlopen-helper");
}
