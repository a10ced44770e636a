/**
 * What an opcode writes, as a number: bits 0 to 15 are registers written whatever the operands, those here say which operands are. Plain
 * numbers, as in `entry.ts`, since engine/ reads this file too.
 */

export const REG = 0x1_0000;
export const RM = 0x2_0000;
/** The register in the opcode's low three bits. */
export const LOW = 0x4_0000;
/** Byte operands: without REX, 4 to 7 are %ah, %ch, %dh, %bh (SDM vol. 2A, 3.1.1.1). */
export const BYTE = 0x8_0000;
/** A string instruction: counts %rcx down with F3 or F2. */
export const STRING = 0x10_0000;
/** ModRM or prefixes decide: written-registers.ts. */
export const EXTENSION = 0x20_0000;
