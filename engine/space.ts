/** Positions, regions and addresses, as src/code/code-space.ts has them. */

import { reserve } from "./memory";

/** Per region: first position and size (32 bits each), then its virtual address (64 bits). */
const REGION: usize = 16;

let regions: usize = 0;
let count: i32 = 0;

/** Room for `number` regions. */
export function makeRegions(number: i32): void {
  count = number;
  regions = reserve(usize(number) * REGION);
}

export function setRegion(index: i32, start: i32, size: i32, address: i64): void {
  const at = regions + usize(index) * REGION;
  store<i32>(at, start);
  store<i32>(at, size, 4);
  store<i64>(at, address, 8);
}

export function regionCount(): i32 {
  return count;
}

export function startOf(index: i32): i32 {
  return load<i32>(regions + usize(index) * REGION);
}

/** First position after the region. */
export function endOf(index: i32): i32 {
  const at = regions + usize(index) * REGION;
  return load<i32>(at) + load<i32>(at, 4);
}

export function addressOf(index: i32): i64 {
  return load<i64>(regions + usize(index) * REGION, 8);
}

/** Number of the region that a position lies in. */
export function regionOf(position: i32): i32 {
  for (let index = 0; index < count - 1; index++) if (position < endOf(index)) return index;
  return count - 1;
}

/** Position of a virtual address, or -1. */
export function positionOf(address: i64): i32 {
  for (let index = 0; index < count; index++) {
    const at = address - addressOf(index);
    if (at >= 0 && at < i64(endOf(index) - startOf(index))) return startOf(index) + i32(at);
  }
  return -1;
}
