/** What is known of each byte of the code, a byte of bits for each: src/code/walk.ts, Mark. An instruction's are looked at eight at a time. */

import { marks } from "./memory";

export const RANK: i32 = 7;
export const BODY: i32 = 8;
export const LINUX: i32 = 16;
export const LEADER: i32 = 32;
export const FUNCTION: i32 = 64;

const EIGHT_TIMES: u64 = (u64(0x01010101) << 32) | 0x01010101;
const RANKS: u64 = u64(RANK) * EIGHT_TIMES;
const BODIES: u64 = u64(BODY) * EIGHT_TIMES;
const FIRST: u64 = 0xff;

export function markAt(position: i32): i32 {
  return load<u8>(marks + usize(position));
}

export function addMark(position: i32, bits: i32): void {
  const at = marks + usize(position);
  store<u8>(at, load<u8>(at) | bits);
}

/** Inside a known instruction, and not the start of another. */
export function isInside(position: i32): bool {
  return (markAt(position) & (RANK | BODY)) == BODY;
}

/** Whether an instruction of a length would begin inside a known one, or one begins inside it. */
export function overlapsKnown(position: i32, length: i32): bool {
  const at = marks + usize(position);
  const low = load<u64>(at) & ((RANKS & ~FIRST) | BODY) & bytesBelow(length);
  return low != 0 || (length > 8 && (load<u64>(at, 8) & RANKS & bytesBelow(length - 8)) != 0);
}

/** Marks an instruction: its first byte with some bits, the others as its body. */
export function markInstruction(position: i32, length: i32, bits: i32): void {
  const at = marks + usize(position);
  store<u64>(at, load<u64>(at) | (((BODIES & ~FIRST) | bits) & bytesBelow(length)));
  if (length > 8) store<u64>(at, load<u64>(at, 8) | (BODIES & bytesBelow(length - 8)), 8);
}

/** The first few of eight bytes. */
function bytesBelow(count: i32): u64 {
  return count < 8 ? ((<u64>1) << (count << 3)) - 1 : ~(<u64>0);
}
