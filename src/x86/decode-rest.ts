/** What every encoding has behind its opcode: ModRM, SIB, displacement, immediate or relative target. */

import { ASK_SIB, BEHIND, DISPLACEMENT_SHIFT, FLOW_SHIFT, IMMEDIATE_SHIFT, REGISTER_FORM, WIDENS_SHIFT } from "./entry.js";
import { Flow, type Instruction, NONE } from "./instruction.js";
import { modrms } from "./tables.js";

/**
 * `p` is the offset behind the opcode, `entry` what is known of it; the fields of `out` up to `opcode` are filled in. Fills in the others
 * and returns the length in bytes, or 0 where there is no such instruction. Reads up to 14 bytes from `p`, which must be there.
 */
export function decodeRest(code: Uint8Array, start: number, p: number, entry: number, out: Instruction): number {
  const modrm = code[p]!;
  let behind = modrms[modrm]! & entry;
  if (behind > ASK_SIB) {
    if ((code[p + 1]! & 7) === 5) behind += 4 + (4 << DISPLACEMENT_SHIFT);
  } else if (behind >= REGISTER_FORM) return 0;
  out.opcodeAt = p - 1 - start;
  out.modrm = behind === 0 ? NONE : modrm;
  out.sib = behind !== 0 && modrm < 0xc0 && (modrm & 7) === 4 ? code[p + 1]! : NONE;
  p += behind & BEHIND;
  const dispSize = (behind >> DISPLACEMENT_SHIFT) & 7;
  out.dispSize = dispSize;
  out.dispAt = p - dispSize - start;
  out.disp = dispSize === 0 ? 0 : dispSize === 1 ? (code[p - 1]! << 24) >> 24 : read32(code, p - 4);
  const size = (((entry >> IMMEDIATE_SHIFT) & 31) + ((entry >> WIDENS_SHIFT) & out.rex)) >> 1;
  const imm = size === 0 ? 0 : size === 1 ? (code[p]! << 24) >> 24 : size === 4 ? read32(code, p) : readOther(code, p, size);
  out.immSize = size;
  out.immAt = p - start;
  out.imm = imm;
  p += size;
  const flow = (entry >> FLOW_SHIFT) & 15;
  out.flow = flow;
  out.target = flow === Flow.Branch || flow === Flow.Call || flow === Flow.Jump ? p + imm : 0;
  out.offset = start;
  out.length = p - start;
  return p - start;
}

/** For mov %al,moffs and its like: what was read as an immediate is an address. */
export function immediateToOffset(code: Uint8Array, start: number, out: Instruction): void {
  const at = start + out.immAt;
  out.disp = (read32(code, at) >>> 0) + (out.immSize === 8 ? (read32(code, at + 4) & 0x1fffff) * 0x1_0000_0000 : 0);
  out.dispSize = out.immSize;
  out.dispAt = out.immAt;
  out.imm = 0;
  out.immSize = 0;
  out.immAt = out.length;
}

/** Immediates of 2, 3 (enter) and 8 bytes. */
function readOther(code: Uint8Array, p: number, size: number): number {
  if (size === 2) return ((code[p]! << 16) | (code[p + 1]! << 24)) >> 16;
  if (size === 3) return code[p]! | (code[p + 1]! << 8) | (code[p + 2]! << 16);
  return read32(code, p + 4) * 0x1_0000_0000 + (read32(code, p) >>> 0);
}

/** Four bytes, little-endian, signed. */
function read32(code: Uint8Array, p: number): number {
  return code[p]! | (code[p + 1]! << 8) | (code[p + 2]! << 16) | (code[p + 3]! << 24);
}
