/** The opcodes behind VEX (C4, C5), EVEX (62) and XOP (8F): as src/x86/decode-vector.ts, which says why. */

import {
  ENCODING_SHIFT,
  ESCAPE,
  MAP_SHIFT,
  MASK,
  MASK_REGISTERS,
  MASK_REQUIRED,
  SIB_REQUIRED,
  VECTOR_CLASSES,
  VECTOR_COMBINATIONS,
  VECTOR_ENTRIES,
  VECTOR_EXTENSIONS,
  VECTOR_RULES,
  VECTOR_SPACES,
  VVVV_IN_MEMORY_FORM,
  VVVV_IN_REGISTER_FORM,
  ZEROING_IN_MEMORY_FORM,
  ZEROING_IN_REGISTER_FORM,
} from "../src/x86/entry";
import { EVEX, LOCK, OPERAND_SIZE, REP, REPNE, VEX, XOP } from "./instruction";
import { TABLES } from "./tables";

const FORBIDDEN: i32 = LOCK | REP | REPNE | OPERAND_SIZE;

// What `readVector` has found.
/** Address of the opcode. */
export let vectorOpcode: usize = 0;
/** W, R, X and B as in REX. */
export let vectorRex: i32 = 0;
export let vvvv: i32 = 0;

/** `start` is the address of C4, C5, 62 or 8F. Returns the entry of the opcode, or ESCAPE where there is no such instruction. */
export function readVector(start: usize, prefixes: i32): i32 {
  const leader: i32 = load<u8>(start);
  const first: i32 = load<u8>(start, 1);
  let last = first & 0x7f;
  let third = 0;
  let map = first & 0x1f;
  let encoding = leader == 0x8f ? XOP : VEX;
  vectorRex = (~first >> 5) & 7;
  vectorOpcode = start + 3;
  if (leader == 0xc5) {
    map = 1;
    vectorRex &= 4;
    vectorOpcode--;
  } else last = load<u8>(start, 2);
  if (leader == 0x62) {
    map = first & 7;
    encoding = EVEX;
    third = load<u8>(start, 3);
    vectorOpcode++;
  }
  if ((prefixes & FORBIDDEN) != 0 || (encoding == EVEX && ((first & 8) != 0 || (last & 4) == 0))) return ESCAPE;
  vectorRex |= (last & 0x80) >> 4;
  vvvv = (~last >> 3) & 15;
  const space: i32 = load<u8>(usize(((encoding - VEX) << 5) | map), TABLES + VECTOR_SPACES);
  if (space == 0) return ESCAPE;
  const opcode: i32 = load<u8>(vectorOpcode);
  const number: usize = load<u8>(usize(((space - 1) << 10) | ((last & 3) << 8) | opcode), TABLES + VECTOR_CLASSES);
  if (number == 0 || !exists(encoding, number, first, last, third)) return ESCAPE;
  return load<i32>(number << 2, TABLES + VECTOR_ENTRIES) | (map << MAP_SHIFT) | (encoding << ENCODING_SHIFT);
}

/** Whether the opcode, of class `number`, has this combination of W, L, vvvv, form and /reg, and for EVEX of b, z and mask. */
function exists(encoding: i32, number: usize, first: i32, last: i32, third: i32): bool {
  const modrm: i32 = load<u8>(vectorOpcode, 1);
  const isRegister = modrm >= 0xc0 && load<i32>(number << 2, TABLES + VECTOR_ENTRIES) != 0;
  const isEvex = encoding == EVEX;
  const size = isEvex ? (third >> 5) & 3 : (last >> 2) & 1;
  const combination = (isRegister ? 16 : 0) | ((third & 0x10) >> 1) | ((last & 0x80) >> 5) | size;
  if (((load<u32>(number << 2, TABLES + VECTOR_COMBINATIONS) >> combination) & 1) == 0) return false;
  if ((load<u8>(number, TABLES + VECTOR_EXTENSIONS) & (1 << ((modrm >> 3) & 7))) == 0) return false;
  const rules: i32 = load<u8>(number, TABLES + VECTOR_RULES);
  const usesVvvv = (rules & (isRegister ? VVVV_IN_REGISTER_FORM : VVVV_IN_MEMORY_FORM)) != 0;
  if (vvvv != 0 && !usesVvvv) return false;
  if ((rules & SIB_REQUIRED) != 0 && (modrm & 7) != 4) return false;
  if ((rules & MASK_REGISTERS) != 0 && (vectorRex & 4) != 0) return false;
  if (!isEvex) return (rules & MASK_REGISTERS) == 0 || vvvv < 8;
  if ((rules & MASK_REGISTERS) != 0 && (first & 0x10) == 0) return false;
  if ((third & 8) == 0 && !usesVvvv && (rules & SIB_REQUIRED) == 0) return false;
  const mask = third & 7;
  const isZeroing = (third & 0x80) != 0;
  if (mask == 0) return !isZeroing && (rules & MASK_REQUIRED) == 0;
  if ((rules & MASK) == 0) return false;
  return !isZeroing || (rules & (isRegister ? ZEROING_IN_REGISTER_FORM : ZEROING_IN_MEMORY_FORM)) != 0;
}
