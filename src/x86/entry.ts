/**
 * How the tables say what an opcode is, as plain numbers: opcodes/ makes the tables, src/x86/ reads them, and so does engine/, whose
 * language has no more than these of TypeScript's constants.
 */

// An entry, 32 bits for each opcode of the maps 0 (one byte), 1 (0F), 2 (0F 38) and 3 (0F 3A). One that is not negative says all
// about the instruction, if no prefix but REX is in front and its ModRM byte asks for no more (MODRMS, below).

/** What of the entry in `modrms` counts: all but the bit for register forms. 0: the opcode has no ModRM. */
export const MODRM = 0xbf;
/** Beside MODRM: there is no register form. */
export const MEMORY_ONLY = 0x40;
/** From here on twice the bytes of the immediate, five bits. */
export const IMMEDIATE_SHIFT = 8;
export const IMMEDIATE = 0x1f00;
/** From here on a value of `Encoding`, two bits; the tables have none but Legacy, 0. */
export const ENCODING_SHIFT = 13;
/** mov $imm,%reg: an immediate of 8 bytes instead of 4 with REX.W. `(entry >> WIDENS_SHIFT) & rex` is twice what is to be added. */
export const WIDENS = 0x8_0000;
export const WIDENS_SHIFT = 16;
/** An immediate of 2 bytes instead of 4 with 66 and without REX.W. */
export const NARROWS = 0x10_0000;
/** From here on a value of `Flow`, four bits. */
export const FLOW_SHIFT = 23;
/** From here on the map, four bits; the tables have none above 3. */
export const MAP_SHIFT = 27;
/** Beside what is above: ModRM or prefixes say more about what it is, or whether it exists. The entry is negative. */
export const CLOSER = 1 << 31;
/** No opcode, and nothing of what is above: the low bits are one of the following. The entry is negative. */
export const ESCAPE = -0x4000_0000;
/** The entry of 8F when it is no XOP. */
export const POP = MODRM | CLOSER;

export const INVALID = 0;
/** 66, F2 and so on. From the three shifts on stand the bit of `Prefix` that it is, those that it takes back, and its number if it can be part of an opcode. */
export const LEGACY_PREFIX = 1;
export const PREFIX_SHIFT = 8;
export const TAKES_BACK_SHIFT = 16;
export const MANDATORY_SHIFT = 24;
export const REX = 2;
/** 0F. */
export const SECONDARY_MAP = 3;
/** 0F 38 and 0F 3A. */
export const THIRD_BYTE = 4;
/** C4, C5, 62. */
export const VECTOR = 5;
/** 8F. */
export const POP_OR_XOP = 6;
/** 0F 0F. */
export const THREE_DNOW = 7;
/** 0F 20 to 0F 23: mov to and from %cr and %dr. */
export const CONTROL_REGISTER = 8;
/** The /reg of ModRM is part of the opcode: from GROUP_SHIFT on stands which entry that of /0 is, those of /1 to /7 follow. */
export const GROUP = 9;
export const GROUP_SHIFT = 8;
export const GROUP_ENTRY = 0xfff;
/** All bits of these. */
export const KIND = 15;

// The tables, one behind the other: where each begins, in bytes.

/** `ENTRIES + 4 * (map << 8 | opcode)`; behind those of the maps there are those of groups. */
export const ENTRIES = 0;
export const ENTRY_COUNT = 1024 + 8 * 16;
/** One byte for each ModRM byte: what it has behind it. */
export const MODRMS = ENTRIES + 4 * ENTRY_COUNT;
/** One byte for each byte: itself where it is REX, else 0. */
export const REXES = MODRMS + 256;
/** One byte for each opcode of the maps: its number in FORMS, 0 where every ModRM exists. */
export const FORM_NUMBERS = REXES + 256;
/** Nine bytes per form and mandatory prefix: the /reg that memory operands may have, then per /reg the rm of register ones. */
export const FORMS = FORM_NUMBERS + 1024;
/** One byte for each opcode of the maps 0 and 1: the /reg that LOCK may stand before. */
export const LOCKABLE = FORMS + 64 * 36;
/** One byte for each suffix of 3DNow!: 1 where it exists. */
export const THREE_DNOW_SUFFIXES = LOCKABLE + 512;
/** For each encoding (`Encoding` less 1) 32 bytes, one for each map: the number of its opcodes in VECTOR_CLASSES plus 1, 0 for none. */
export const VECTOR_SPACES = THREE_DNOW_SUFFIXES + 256;
/** One byte for each opcode of such a map, by mandatory prefix (two bits) and opcode byte: its class, 0 for none. */
export const VECTOR_CLASSES = VECTOR_SPACES + 3 * 32;
/** Per class, 32 bits, an entry. */
export const VECTOR_ENTRIES = VECTOR_CLASSES + 11 * 1024;
/** Per class, 32 bits, the combinations that exist: bit (register form) 16 + (EVEX.b) 8 + W 4 + vector length. */
export const VECTOR_COMBINATIONS = VECTOR_ENTRIES + 4 * 192;
/** Per class one byte of the rules below. */
export const VECTOR_RULES = VECTOR_COMBINATIONS + 4 * 192;
/** Per class one byte: the /reg that exist. */
export const VECTOR_EXTENSIONS = VECTOR_RULES + 192;
export const TABLES_SIZE = VECTOR_EXTENSIONS + 192;

// An entry of MODRMS: bits 0 to 2 the bytes of ModRM, SIB and displacement, bits 3 to 5 those of the displacement.

export const BEHIND = 7;
export const DISPLACEMENT_SHIFT = 3;
/** It is a register form. */
export const REGISTER_FORM = 0x40;
/** There are four bytes of displacement more if the SIB byte has base 5. */
export const ASK_SIB = 0x80;

// Rules of a class of vector instructions.

export const VVVV_IN_MEMORY_FORM = 1;
export const VVVV_IN_REGISTER_FORM = 2;
export const MASK = 4;
export const ZEROING_IN_MEMORY_FORM = 8;
export const ZEROING_IN_REGISTER_FORM = 16;
export const MASK_REQUIRED = 32;
export const SIB_REQUIRED = 64;
export const MASK_REGISTERS = 128;
