/** Which general-purpose registers an instruction writes: src/x86/written-registers.ts, for what its table alone can tell. */

import { BYTE, EXTENSION, LOW, REG, RM, STRING } from "../src/x86/writes";
import { lowRegister, map, modrm, opcode, prefixes, REP, REPNE, register, rex, rmRegister, SECONDARY } from "./instruction";

/** The same of any instruction, asked of that file: the one at a position. */
declare function writtenAt(at: i32, end: i32): i32;

/** That file's table, one word for each opcode of the two maps. The caller copies it here when the engine is made. */
const WRITES: usize = memory.data(4 * 512, 16);

export function writesAt(): usize {
  return WRITES;
}

/** A bit for each register that the instruction decoded last may write; it stands at a position. */
export function written(at: i32, end: i32): i32 {
  if (map() > SECONDARY) return writtenAt(at, end);
  const what = load<i32>(WRITES + (usize((map() << 8) | opcode()) << 2));
  if ((what & EXTENSION) != 0) return writtenAt(at, end);
  let mask = what & 0xffff;
  if ((what & REG) != 0) mask |= bit(register(), what);
  if ((what & RM) != 0 && modrm() >= 0xc0) mask |= bit(rmRegister(), what);
  if ((what & LOW) != 0) mask |= bit(lowRegister(), what);
  if ((what & STRING) != 0 && (prefixes() & (REP | REPNE)) != 0) mask |= 1 << 1;
  return mask;
}

function bit(number: i32, what: i32): i32 {
  return 1 << ((what & BYTE) != 0 && isHighByte(number) ? number - 4 : number);
}

/** Whether the number means %ah, %ch, %dh or %bh as a byte operand. */
export function isHighByte(number: i32): bool {
  return rex() == 0 && number >= 4 && number < 8;
}
