/**
 * An instruction as the engine writes it down, 32 bytes: where each field stands, and its size in bits. Plain numbers, as in `entry.ts`,
 * since engine/ reads this file too.
 */

export const RECORD_SIZE = 32;

/** 32: address of its first byte in the engine's memory. */
export const START = 0;
/** 8 each: the opcode, and the bytes behind it, which are ModRM and SIB where it has them. */
export const OPCODE = 4;
export const MODRM_BYTE = 5;
export const SIB_BYTE = 6;
/** 32: its entry, with what ModRM and prefixes changed of it: map, encoding, flow, and with REX the size of the immediate. */
export const ENTRY = 8;
/** 8: REX, or what is the same of VEX, EVEX and XOP; 0 without. */
export const REX_BYTE = 12;
/** 8: bits of `Prefix`. */
export const PREFIXES = 13;
/** 8: 1 to 15. */
export const LENGTH = 14;
/** 8: how much ModRM has behind it, as in the table MODRMS; 0 without ModRM. */
export const BEHIND_OPCODE = 15;
/** 32: the bytes at whose end the displacement ends: its four, or its one at the top. */
export const DISPLACEMENT = 16;
/** 8: the register in vvvv; without meaning but for VEX, EVEX and XOP. */
export const VVVV = 20;
/** 64: the bytes at whose end the instruction ends: at the top is the immediate. */
export const TAIL = 24;
