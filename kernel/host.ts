/**
 * What is known of `__hostos` on one path of the walk. The knowledge itself is in src/code/host.ts; here is only what tells
 * the many instructions that have nothing to do with it from the few that it is asked about.
 */

import { base, displacement, hasMemory, map, modrm, NONE, opcode, SECONDARY } from "./instruction";

/** Steps src/code/host.ts over the instruction at a position. Takes and returns registers, and the zero flag plus 1 from bit 16 on. */
declare function stepHost(at: i32, end: i32, state: i32): i32;

/** Address of `__hostos`. */
let variable: i64 = 0;
/** A bit per register that holds it. */
export let registers: i32 = 0;
/** The zero flag where it follows from it: 0 or 1, else NONE. */
let zeroFlag: i32 = NONE;

export function setVariable(address: i64): void {
  variable = address;
}

export function startHost(atStart: i32): void {
  registers = atStart;
  zeroFlag = NONE;
}

export function keepOnly(mask: i32): void {
  registers &= mask;
}

/** Steps over the instruction decoded last. `next` is the address behind it. */
export function stepOver(at: i32, end: i32, next: i64): void {
  if (registers == 0 && zeroFlag == NONE && !mayBeHost(next)) return;
  const state = stepHost(at, end, registers | ((zeroFlag + 1) << 16));
  registers = state & 0xffff;
  zeroFlag = (state >> 16) - 1;
}

/** Whether the memory operand has the variable's address, as far as base and displacement tell. */
function mayBeHost(next: i64): bool {
  if (!hasMemory()) return false;
  if ((modrm() & 0xc7) == 0x05) return next + displacement() == variable;
  return modrm() < 0x40 && (modrm() & 7) == 4 && displacement() == variable && base() == NONE;
}

/** For a conditional jump: 1 if Linux takes it, 0 if Linux falls through, NONE where that is not known. */
export function decides(): i32 {
  if (zeroFlag == NONE) return NONE;
  const code = map() == SECONDARY ? opcode() - 0x10 : opcode();
  if (map() > SECONDARY) return NONE;
  if (code == 0x74) return zeroFlag;
  if (code == 0x75) return 1 - zeroFlag;
  return NONE;
}
