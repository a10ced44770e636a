/**
 * The first look: of all places in a window of code, those at which src/code/sightings.ts has to look closer. Sixteen at a time.
 * Compiled for itself: it needs SIMD, and a program that no walk is needed for should not pay for the rest of the engine.
 */

import { seen } from "./patterns";

/** Bytes of a window, as in src/code/first-look.ts; a place in it fits into 16 bits. */
const WINDOW: usize = 0x10000;
/** The caller puts the window here; in front of it are bytes of the program too, and behind it, so that edges are no edges. */
const CODE: usize = 16;
/** Behind the window's last byte and the vectors that begin there: room for as many places as a window has. */
const FOUND: usize = CODE + WINDOW + 48;
/** How far a jump goes at most that is looked for, as in src/code/first-look.ts. */
const REACH: usize = 0x8000;
/** The caller marks here with a 1 where jumps go that it looks for: a byte each, from REACH in front of the window to REACH behind it. */
const TARGETS: usize = FOUND + 2 * WINDOW;

export function windowAt(): usize {
  return CODE;
}

export function foundAt(): usize {
  return FOUND;
}

export function targetsAt(): usize {
  return TARGETS;
}

/**
 * Writes where the window's first `size` bytes have one that a pattern is searched by, 16 bits each, ascending; returns how many. Asks for
 * no more of a pattern than its nearest bytes, which make most of them go: sightings.ts asks for all of it.
 */
export function look(size: usize): i32 {
  let found = FOUND;
  const end = CODE + size;
  for (let at = CODE; at < end; at += 16) {
    let bits = i8x16.bitmask(seen(at));
    while (bits != 0) {
      const place = at + usize(ctz(bits));
      bits &= bits - 1;
      if (place >= end) break;
      store<u16>(found, u16(place - CODE));
      found += 2;
    }
  }
  return i32(found - FOUND) >> 1;
}

/** The same for the places at which a direct jump, branch or call to a marked target can be: `eb`, `7x`, `e8`, `e9`, `0f 8x`. */
export function lookForJumps(size: usize): i32 {
  let found = FOUND;
  const end = CODE + size;
  for (let at = CODE; at < end; at++) {
    const distance = u64(targetBehind(at) - CODE + REACH);
    if (distance >= u64(WINDOW + 2 * REACH) || load<u8>(TARGETS + usize(distance)) == 0) continue;
    store<u16>(found, u16(at - CODE));
    found += 2;
  }
  return i32(found - FOUND) >> 1;
}

/** Where the jump at a place goes to; a place that is none goes nowhere. */
function targetBehind(at: usize): i64 {
  const byte = load<u8>(at);
  if (byte == 0xeb || (byte & 0xf0) == 0x70) return i64(at + 2) + i64(load<i8>(at + 1));
  if ((byte & 0xfe) == 0xe8) return i64(at + 5) + i64(load<i32>(at + 1));
  if (byte == 0x0f && (load<u8>(at + 1) & 0xf0) == 0x80) return i64(at + 6) + i64(load<i32>(at + 2));
  return i64.MIN_VALUE >> 1;
}
