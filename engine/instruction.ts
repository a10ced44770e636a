/** The instruction decoded last by `decode`, as src/x86/instruction.ts has it. */

import {
  BEHIND,
  DISPLACEMENT_SHIFT,
  ENCODING_SHIFT,
  FLOW_SHIFT,
  IMMEDIATE_SHIFT,
  MAP_SHIFT,
  WIDENS_SHIFT,
} from "../src/x86/entry";
import {
  BEHIND_OPCODE,
  DISPLACEMENT,
  ENTRY,
  LENGTH,
  MODRM_BYTE,
  OPCODE,
  PREFIXES,
  RECORD_SIZE,
  REX_BYTE,
  SIB_BYTE,
  TAIL,
} from "../src/x86/record";

/** Its record. */
export const LAST: usize = memory.data(RECORD_SIZE, 16);

// src/x86/instruction.ts, Prefix.
export const LOCK: i32 = 1;
export const REPNE: i32 = 2;
export const REP: i32 = 4;
export const OPERAND_SIZE: i32 = 8;
export const ADDRESS_SIZE: i32 = 16;
export const FS: i32 = 32;
export const GS: i32 = 64;
export const OTHER_SEGMENT: i32 = 128;

// Flow.
export const NEXT: i32 = 0;
export const JUMP: i32 = 1;
export const BRANCH: i32 = 2;
export const CALL: i32 = 3;
export const INDIRECT_JUMP: i32 = 4;
export const INDIRECT_CALL: i32 = 5;
export const RETURN: i32 = 6;
export const SYSTEM_CALL: i32 = 7;

// OpcodeMap.
export const PRIMARY: i32 = 0;
export const SECONDARY: i32 = 1;
export const THREE_DNOW_MAP: i32 = 4;

// Encoding.
export const VEX: i32 = 1;
export const EVEX: i32 = 2;
export const XOP: i32 = 3;

export const NONE: i32 = -1;
export const RIP: i32 = 16;

export function length(): i32 {
  return load<u8>(LAST, LENGTH);
}

function entry(): i32 {
  return load<i32>(LAST, ENTRY);
}

export function flow(): i32 {
  return (entry() >> FLOW_SHIFT) & 15;
}

/** Of a direct jump, branch or call at a position: where it goes; may lie outside the code. */
export function target(at: i32): i64 {
  return i64(at) + length() + immediate();
}

/** With the encoding from bit 4 on. */
export function map(): i32 {
  return ((entry() >> MAP_SHIFT) & 15) | (((entry() >> ENCODING_SHIFT) & 3) << 4);
}

export function opcode(): i32 {
  return load<u8>(LAST, OPCODE);
}

export function modrm(): i32 {
  return load<u8>(LAST, MODRM_BYTE);
}

/** Whether there is a memory operand through ModRM. */
export function hasMemory(): bool {
  return (load<u8>(LAST, BEHIND_OPCODE) & BEHIND) != 0 && modrm() < 0xc0;
}

export function extension(): i32 {
  return (modrm() >> 3) & 7;
}

export function displacement(): i32 {
  const bits = load<u8>(LAST, BEHIND_OPCODE) & (BEHIND << DISPLACEMENT_SHIFT);
  return bits > 0 ? load<i32>(LAST, DISPLACEMENT) >> (32 - bits) : 0;
}

export function immediateSize(): i32 {
  return (((entry() >> IMMEDIATE_SHIFT) & 31) + ((entry() >> WIDENS_SHIFT) & rex())) >> 1;
}

export function immediate(): i64 {
  const size = immediateSize();
  return size > 0 ? load<i64>(LAST, TAIL) >> (64 - (size << 3)) : 0;
}

export function rex(): i32 {
  return load<u8>(LAST, REX_BYTE);
}

export function prefixes(): i32 {
  return load<u8>(LAST, PREFIXES);
}

function sib(): i32 {
  return load<u8>(LAST, SIB_BYTE);
}

/** Base register of the memory operand, RIP or NONE. */
export function base(): i32 {
  if (!hasMemory()) return NONE;
  const rm = modrm() & 7;
  const mod = modrm() >> 6;
  if (rm == 4) {
    const low = sib() & 7;
    return low == 5 && mod == 0 ? NONE : low | ((rex() & 1) << 3);
  }
  return rm == 5 && mod == 0 ? RIP : rm | ((rex() & 1) << 3);
}

/** Index register of the memory operand, or NONE. */
export function index(): i32 {
  if (!hasMemory() || (modrm() & 7) != 4) return NONE;
  const number = ((sib() >> 3) & 7) | ((rex() & 2) << 2);
  return number == 4 ? NONE : number;
}

export function scale(): i32 {
  return (modrm() & 7) == 4 ? 1 << (sib() >> 6) : 1;
}

/** ModRM.reg with REX.R. */
export function register(): i32 {
  return extension() | ((rex() & 4) << 1);
}

/** ModRM.rm with REX.B, where that is a register. */
export function rmRegister(): i32 {
  return (modrm() & 7) | ((rex() & 1) << 3);
}

/** The register in the opcode's low three bits, with REX.B. */
export function lowRegister(): i32 {
  return (opcode() & 7) | ((rex() & 1) << 3);
}
