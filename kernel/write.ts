/** Writes an instruction down: src/x86/record.ts. Small functions, which end up inside the loop that calls them. */

import { BEHIND, DISPLACEMENT_SHIFT } from "../src/x86/entry";
import {
  BEHIND_OPCODE,
  DISPLACEMENT,
  ENTRY,
  IMMEDIATE_VALUE,
  LENGTH,
  MAP,
  OPCODE,
  PREFIXES,
  REX_BYTE,
  START,
  TWICE_IMMEDIATE_SIZE,
} from "../src/x86/record";

/** `word` begins with the opcode. */
export function writeOpcode(record: usize, word: u64, entry: i32, map: i32, rex: i32, prefixes: i32): void {
  store<u32>(record, u32(word), OPCODE);
  store<i32>(record, entry, ENTRY);
  store<u8>(record, u8(rex), REX_BYTE);
  store<u8>(record, u8(map), MAP);
  store<u8>(record, u8(prefixes), PREFIXES);
}

/** `next` is the address behind the instruction, `behind` what ModRM has, `twice` twice the bytes of the immediate. */
export function writeRest(record: usize, start: usize, next: usize, behind: i32, twice: i32): void {
  store<u32>(record, u32(start), START);
  store<u8>(record, u8(next - start), LENGTH);
  store<u8>(record, u8(behind), BEHIND_OPCODE);
  store<u8>(record, u8(twice), TWICE_IMMEDIATE_SIZE);
  // Both are the last bytes of what ends there: a shift to the right by all bits but theirs, modulo 64 and 32, extends their sign.
  store<i64>(record, load<i64>(next - 8) >> (0 - (u64(u32(twice)) << 2)), IMMEDIATE_VALUE);
  store<i32>(record, load<i32>(next - usize(twice >> 1) - 4) >> (0 - (behind & (BEHIND << DISPLACEMENT_SHIFT))), DISPLACEMENT);
}
