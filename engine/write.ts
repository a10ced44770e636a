/** Writes an instruction down: src/x86/record.ts. Small, so that it ends up inside the loop that calls it. */

import { BEHIND_OPCODE, DISPLACEMENT, ENTRY, LENGTH, OPCODE, REX_BYTE, START, TAIL } from "../src/x86/record";

/**
 * `word` begins with the opcode, `behind` says what ModRM has, `rest` is the address of the immediate or, without one, `next`: that behind
 * the instruction.
 */
export function write(
  record: usize,
  start: usize,
  rest: usize,
  next: usize,
  word: u64,
  entry: i32,
  behind: i32,
  rex: i32,
  prefixes: i32,
): void {
  store<u32>(record, u32(start), START);
  store<u32>(record, u32(word), OPCODE);
  store<i32>(record, entry, ENTRY);
  // And PREFIXES.
  store<u16>(record, u16(rex | (prefixes << 8)), REX_BYTE);
  store<u8>(record, u8(next - start), LENGTH);
  store<u8>(record, u8(behind), BEHIND_OPCODE);
  store<u32>(record, load<u32>(rest - 4), DISPLACEMENT);
  store<u64>(record, load<u64>(next - 8), TAIL);
}
