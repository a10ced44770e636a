/** What every encoding has behind its opcode: ModRM, SIB, displacement, immediate or relative target. */

import { type Instruction, NONE, Prefix } from "./instruction.js";
import { FLOW_SHIFT, Imm, MODRM } from "./tables.js";

/**
 * `p` is the offset behind the opcode, `entry` what `tables.ts` says of it; the fields of `out` up to `opcodeAt` are filled in.
 * Fills in the others and returns the length in bytes. Reads up to 14 bytes from `p`, which must be there.
 */
export function decodeRest(code: Uint8Array, start: number, p: number, entry: number, out: Instruction): number {
  let modrm: number = NONE;
  let sib: number = NONE;
  let disp = 0;
  let dispSize = 0;
  if ((entry & MODRM) !== 0) {
    modrm = code[p++]!;
    if (modrm < 0xc0) {
      let base = modrm & 7;
      if (base === 4) {
        sib = code[p++]!;
        base = sib & 7;
      }
      // Mod 1: one byte. Mod 2: four; so has mod 0 with base 5, which means %rip or no base (SDM vol. 2A, tables 2-2, 2-3, 2-7).
      if (modrm >= 0x80 || (base === 5 && modrm < 0x40)) {
        dispSize = 4;
        disp = read32(code, p);
      } else if (modrm >= 0x40) {
        dispSize = 1;
        disp = (code[p]! << 24) >> 24;
      }
    }
  }
  out.modrm = modrm;
  out.sib = sib;
  out.disp = disp;
  out.dispSize = dispSize;
  out.dispAt = p - start;
  out.flow = (entry >> FLOW_SHIFT) & 15;
  p += dispSize;
  out.immAt = p - start;
  const kind = entry & 15;
  let imm = 0;
  let size = 0;
  if (kind === Imm.Byte || kind === Imm.Rel8) {
    imm = (code[p]! << 24) >> 24;
    size = 1;
  } else if (kind === Imm.Rel32) {
    imm = read32(code, p);
    size = 4;
  } else if (kind !== Imm.None) {
    return decodeImmediate(code, start, p, kind, out);
  }
  p += size;
  out.imm = imm;
  out.immSize = size;
  out.target = kind === Imm.Rel8 || kind === Imm.Rel32 ? p + imm : 0;
  out.offset = start;
  out.length = p - start;
  return p - start;
}

/** The kinds whose size depends on prefixes or ModRM, and the rare ones. */
function decodeImmediate(code: Uint8Array, start: number, p: number, kind: number, out: Instruction): number {
  const size = immediateSize(kind, out);
  let imm = 0;
  if (kind === Imm.Offset) {
    out.dispAt = p - start;
    out.dispSize = size;
    out.disp = (read32(code, p) >>> 0) + (size === 8 ? (read32(code, p + 4) & 0x1fffff) * 0x1_0000_0000 : 0);
    out.immAt = p + size - start;
    out.immSize = 0;
  } else {
    if (size === 4) imm = read32(code, p);
    else if (size === 1) imm = (code[p]! << 24) >> 24;
    else if (size === 2) imm = ((code[p]! << 16) | (code[p + 1]! << 24)) >> 16;
    else if (size === 3) imm = code[p]! | (code[p + 1]! << 8) | (code[p + 2]! << 16);
    else if (size === 8) imm = read32(code, p + 4) * 0x1_0000_0000 + (read32(code, p) >>> 0);
    out.immSize = size;
  }
  out.imm = imm;
  out.target = 0;
  out.offset = start;
  out.length = p + size - start;
  return out.length;
}

/** Size in bytes of what follows for a kind that asks for prefixes or ModRM. */
function immediateSize(kind: number, out: Instruction): number {
  const z = (out.prefixes & Prefix.OperandSize) !== 0 && (out.rex & 8) === 0 ? 2 : 4;
  const isTest = (out.modrm & 0x30) === 0;
  switch (kind) {
    case Imm.Word:
      return 2;
    case Imm.Z:
      return z;
    case Imm.V:
      return (out.rex & 8) !== 0 ? 8 : z;
    case Imm.Enter:
      return 3;
    case Imm.Offset:
      return (out.prefixes & Prefix.AddressSize) !== 0 ? 4 : 8;
    case Imm.TestByte:
      return isTest ? 1 : 0;
    case Imm.TestZ:
      return isTest ? z : 0;
    default:
      // Extrq: F3 makes it invalid, which the caller finds out.
      return (out.prefixes & (Prefix.OperandSize | Prefix.Repne)) !== 0 ? 2 : 0;
  }
}

/** Four bytes, little-endian, signed. */
function read32(code: Uint8Array, p: number): number {
  return code[p]! | (code[p + 1]! << 8) | (code[p + 2]! << 16) | (code[p + 3]! << 24);
}
