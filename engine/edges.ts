/** Finds the direct jumps, branches and calls that lead to a position: a hash table over the walk's edges. */

import { itemAt, reserve, reserveZeros, sizeOf } from "./memory";
import { edges } from "./walk";

/** Two 32-bit fields per slot: target plus 1 (0: empty), and the number of the last edge to it. */
let slots: usize = 0;
let shift: i32 = 0;
/** Per edge the number of the one before it with the same target, or -1. */
let before: usize = 0;

/** Makes the table; what is read from the four getters below is valid until the next walk. */
export function indexEdges(): void {
  const count = sizeOf(edges) >> 1;
  shift = 28;
  // In real programs half of the edges share their target with another; where none does, a fifth of the slots stays free.
  while (shift > 1 && 1 << (32 - shift) < count + (count >> 2)) shift--;
  slots = reserveZeros(usize(8) << (32 - shift));
  before = reserve(usize(count) << 2);
  const mask = (1 << (32 - shift)) - 1;
  for (let edge = 0; edge < count; edge++) {
    const key = itemAt(edges, 2 * edge) + 1;
    // Fibonacci hashing.
    let slot = i32((u32(key) * 0x9e3779b1) >>> shift);
    let at = slots + (usize(slot) << 3);
    while (load<i32>(at) != 0 && load<i32>(at) != key) {
      slot = (slot + 1) & mask;
      at = slots + (usize(slot) << 3);
    }
    store<i32>(before + (usize(edge) << 2), load<i32>(at) == 0 ? -1 : load<i32>(at, 4));
    store<i32>(at, key);
    store<i32>(at, edge, 4);
  }
}

export function edgeSlots(): usize {
  return slots;
}

export function edgeShift(): i32 {
  return shift;
}

export function edgesBefore(): usize {
  return before;
}
