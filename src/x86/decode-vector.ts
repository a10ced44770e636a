/** The opcodes behind VEX (C4, C5), EVEX (62) and XOP (8F). */

import { decodeRest } from "./decode-rest.js";
import {
  MASK,
  MASK_REGISTERS,
  MASK_REQUIRED,
  SIB_REQUIRED,
  VVVV_IN_MEMORY_FORM,
  VVVV_IN_REGISTER_FORM,
  ZEROING_IN_MEMORY_FORM,
  ZEROING_IN_REGISTER_FORM,
} from "./entry.js";
import { Encoding, type Instruction, Prefix } from "./instruction.js";
import { vectorClasses, vectorCombinations, vectorEntries, vectorExtensions, vectorRules, vectorSpaces } from "./tables.js";

/** None of these may stand in front: the mandatory ones are inside (SDM vol. 2A, 2.3.2 to 2.3.4 and 2.7.11). */
const FORBIDDEN = Prefix.Lock | Prefix.Rep | Prefix.Repne | Prefix.OperandSize;

/** `p` is the offset behind C4, C5, 62 or 8F; `out` has the prefixes. Returns the length in bytes, perhaps above 15, or 0. */
export function decodeVector(code: Uint8Array, start: number, p: number, out: Instruction): number {
  if ((out.prefixes & FORBIDDEN) !== 0) return 0;
  const leader = code[p - 1]!;
  const first = code[p++]!;
  // R, X and B are stored inverted; from here on they stand as in REX, and so do W, L and pp as in the last byte of VEX.
  let last = first & 0x7f;
  let rex = (~first >> 5) & 7;
  let third = 0;
  out.encoding = leader === 0x62 ? Encoding.Evex : leader === 0x8f ? Encoding.Xop : Encoding.Vex;
  out.map = first & 0x1f;
  if (leader === 0xc5) {
    out.map = 1;
    rex &= 4;
  } else last = code[p++]!;
  if (leader === 0x62) {
    third = code[p++]!;
    // P[3] is 0 and P[10] is 1 (table 2-35).
    if ((first & 8) !== 0 || (last & 4) === 0) return 0;
    out.map = first & 7;
  }
  const space = vectorSpaces[((out.encoding - 1) << 5) | out.map]!;
  if (space === 0) return 0;
  out.opcode = code[p++]!;
  const number = vectorClasses[((space - 1) << 10) | ((last & 3) << 8) | out.opcode]!;
  if (number === 0) return 0;
  out.rex = rex | ((last & 0x80) >> 4);
  out.vvvv = (~last >> 3) & 15;
  const length = decodeRest(code, start, p, vectorEntries[number]!, out);
  return exists(number, first, last, third, out) ? length : 0;
}

/** Whether the opcode, of class `number`, has this combination of W, L, vvvv, form and /reg, and for EVEX of b, z and mask. */
function exists(number: number, first: number, last: number, third: number, out: Instruction): boolean {
  const isRegister = out.modrm >= 0xc0;
  const isEvex = out.encoding === Encoding.Evex;
  const length = isEvex ? (third >> 5) & 3 : (last >> 2) & 1;
  const combination = (isRegister ? 16 : 0) | ((third & 0x10) >> 1) | ((last & 0x80) >> 5) | length;
  if (((vectorCombinations[number]! >>> combination) & 1) === 0) return false;
  if (((vectorExtensions[number]! >> out.extension) & 1) === 0) return false;
  const rules = vectorRules[number]!;
  const usesVvvv = (rules & (isRegister ? VVVV_IN_REGISTER_FORM : VVVV_IN_MEMORY_FORM)) !== 0;
  if (out.vvvv !== 0 && !usesVvvv) return false;
  if ((rules & SIB_REQUIRED) !== 0 && (out.modrm & 7) !== 4) return false;
  if ((rules & MASK_REGISTERS) !== 0 && (out.rex & 4) !== 0) return false;
  if (!isEvex) return (rules & MASK_REGISTERS) === 0 || out.vvvv < 8;
  // R' and V' are stored inverted: the fifth bits of reg and of vvvv, or of the index of a gather.
  if ((rules & MASK_REGISTERS) !== 0 && (first & 0x10) === 0) return false;
  if ((third & 8) === 0 && !usesVvvv && (rules & SIB_REQUIRED) === 0) return false;
  const mask = third & 7;
  const isZeroing = (third & 0x80) !== 0;
  if (mask === 0) return !isZeroing && (rules & MASK_REQUIRED) === 0;
  if ((rules & MASK) === 0) return false;
  return !isZeroing || (rules & (isRegister ? ZEROING_IN_REGISTER_FORM : ZEROING_IN_MEMORY_FORM)) !== 0;
}
