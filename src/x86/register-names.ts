/** Names of the general-purpose registers by number and size. */

import type { Instruction } from "./instruction.js";

export const NAMES64 = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");
export const NAMES32 = "eax ecx edx ebx esp ebp esi edi r8d r9d r10d r11d r12d r13d r14d r15d".split(" ");
const NAMES16 = "ax cx dx bx sp bp si di r8w r9w r10w r11w r12w r13w r14w r15w".split(" ");
const NAMES8 = "al cl dl bl spl bpl sil dil r8b r9b r10b r11b r12b r13b r14b r15b".split(" ");
const HIGH_BYTES = "ah ch dh bh".split(" ");

/** Operand size by the letter of its suffix. */
export type Size = "b" | "w" | "l" | "q";

/** `%eax` for 0 and `l`. Without REX the bytes 4 to 7 are %ah, %ch, %dh, %bh (SDM vol. 2A, 3.1.1.1). */
export function registerName(number: number, size: Size, insn: Instruction): string {
  if (size === "b") return insn.rex === 0 && number >= 4 && number < 8 ? `%${HIGH_BYTES[number - 4]}` : `%${NAMES8[number]}`;
  return `%${(size === "q" ? NAMES64 : size === "l" ? NAMES32 : NAMES16)[number]}`;
}
