/** The opcodes behind VEX (C4, C5), EVEX (62) and XOP (8F). */

import { decodeRest } from "./decode-rest.js";
import { Encoding, type Instruction, Prefix } from "./instruction.js";
import { Imm, MODRM } from "./tables.js";
import { EVEX_SPACE, Rule, VEX_SPACE, type VectorTables, vectorTables, XOP_SPACE } from "./tables-vector.js";

/** None of these may stand in front: the mandatory ones are inside (SDM vol. 2A, 2.3.2 to 2.3.4 and 2.7.11). */
const FORBIDDEN = Prefix.Lock | Prefix.Rep | Prefix.Repne | Prefix.OperandSize;

/** `p` is the offset behind C4, C5, 62 or 8F. Returns the length in bytes, perhaps above 15, or 0. */
export function decodeVector(code: Uint8Array, start: number, p: number, prefixes: number, out: Instruction): number {
  if ((prefixes & FORBIDDEN) !== 0) return 0;
  const leader = code[p - 1]!;
  const first = code[p++]!;
  // R, X and B are stored inverted; from here on they stand as in REX, and so do W, L and pp as in the last byte of VEX.
  let last = first;
  let rex = (~first >> 5) & 7;
  let space = VEX_SPACE[1]!;
  let third = 0;
  out.encoding = Encoding.Vex;
  out.map = 1;
  if (leader === 0xc5) {
    rex = (~first >> 5) & 4;
    last = first & 0x7f;
  } else if (leader === 0xc4) {
    if ((first & 0x1f) >= VEX_SPACE.length) return 0;
    out.map = first & 0x1f;
    space = VEX_SPACE[out.map]!;
    last = code[p++]!;
  } else if (leader === 0x8f) {
    const map = first & 0x1f;
    if (map - 8 >= XOP_SPACE.length) return 0;
    out.encoding = Encoding.Xop;
    out.map = map;
    space = XOP_SPACE[map - 8]!;
    last = code[p++]!;
  } else {
    last = code[p++]!;
    third = code[p++]!;
    // P[3] is 0 and P[10] is 1 (table 2-35).
    if ((first & 8) !== 0 || (last & 4) === 0) return 0;
    out.encoding = Encoding.Evex;
    out.map = first & 7;
    space = EVEX_SPACE[out.map]!;
  }
  if (space < 0) return 0;
  const opcode = code[p++]!;
  const tables = vectorTables();
  const number = tables.classes[space + ((last & 3) << 8) + opcode]!;
  if (number === 0) return 0;
  out.prefixes = prefixes;
  out.rex = rex | ((last & 0x80) >> 4);
  out.opcode = opcode;
  out.opcodeAt = p - 1 - start;
  out.vvvv = (~last >> 3) & 15;
  const length = decodeRest(code, start, p, entryOf(out), out);
  return exists(tables, number, first, last, third, out) ? length : 0;
}

/** What follows the opcode, in the terms of `tables.ts`. */
function entryOf(out: Instruction): number {
  const { map, opcode } = out;
  // 0F 3A and XOP 8: all have a byte. XOP A: four bytes.
  if (map === 3 || map === 8) return MODRM | Imm.Byte;
  if (map === 10) return MODRM | Imm.Z;
  if (map === 1) {
    if (opcode === 0x77 && out.encoding === Encoding.Vex) return Imm.None;
    // Shifts and shuffles, vcmp, vpinsrw, vpextrw, vshufp.
    const hasByte = (opcode >= 0x70 && opcode <= 0x73) || opcode === 0xc2 || (opcode >= 0xc4 && opcode <= 0xc6);
    if (hasByte) return MODRM | Imm.Byte;
  }
  return MODRM;
}

/** Whether the opcode, of class `number`, has this combination of W, L, vvvv, form and /reg, and for EVEX of b, z and mask. */
function exists(tables: VectorTables, number: number, first: number, last: number, third: number, out: Instruction): boolean {
  const isRegister = out.modrm >= 0xc0;
  const isEvex = out.encoding === Encoding.Evex;
  const length = isEvex ? (third >> 5) & 3 : (last >> 2) & 1;
  const combination = (isRegister ? 16 : 0) | ((third & 0x10) >> 1) | ((last & 0x80) >> 5) | length;
  if (((tables.combinations[number]! >>> combination) & 1) === 0) return false;
  if ((tables.extensions[number]! & (1 << ((out.modrm >> 3) & 7))) === 0) return false;
  const rules = tables.rules[number]!;
  const usesVvvv = (rules & (isRegister ? Rule.VvvvInRegisterForm : Rule.VvvvInMemoryForm)) !== 0;
  if (out.vvvv !== 0 && !usesVvvv) return false;
  if ((rules & Rule.Sib) !== 0 && (out.modrm & 7) !== 4) return false;
  if ((rules & Rule.MaskRegisters) !== 0 && (out.rex & 4) !== 0) return false;
  if (!isEvex) return (rules & Rule.MaskRegisters) === 0 || out.vvvv < 8;
  // R' and V' are stored inverted: the fifth bits of reg and of vvvv, or of the index of a gather.
  if ((rules & Rule.MaskRegisters) !== 0 && (first & 0x10) === 0) return false;
  if ((third & 8) === 0 && !usesVvvv && (rules & Rule.Sib) === 0) return false;
  const mask = third & 7;
  const isZeroing = (third & 0x80) !== 0;
  if (mask === 0) return !isZeroing && (rules & Rule.MaskRequired) === 0;
  if ((rules & Rule.Mask) === 0) return false;
  return !isZeroing || (rules & (isRegister ? Rule.ZeroingInRegisterForm : Rule.ZeroingInMemoryForm)) !== 0;
}
