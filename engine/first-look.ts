/**
 * The first look: of all places in a window of code, those at which src/code/landmarks.ts has to look closer. Sixteen at a time.
 * Compiled for itself: it needs SIMD, and a program that no walk is needed for should not pay for the rest of the kernel.
 */

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
 * Writes where the window's first `size` bytes have one that a landmark is told by, 16 bits each, ascending; returns how many. Asks for no
 * more than the two or three bytes that make most of them go: landmarks.ts knows what a landmark is and asks for all of it.
 */
export function look(size: usize): i32 {
  let found = FOUND;
  const end = CODE + size;
  for (let at = CODE; at < end; at += 16) {
    let bits = i8x16.bitmask(v128.or(v128.or(opcodes(at), setGs(at)), mapFlags(at)));
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

/** `0f 05`, `0f a9`, `0f b5`, `0f ae`, `cd 80`, at their second byte; `8e /5`. */
function opcodes(at: usize): v128 {
  const byte = v128.load(at);
  const before = v128.load(at - 1);
  const second = v128.or(v128.or(are(byte, 0x05), are(byte, 0xa9)), v128.or(are(byte, 0xb5), are(byte, 0xae)));
  const escaped = v128.and(are(before, 0x0f), second);
  const int80 = v128.and(are(before, 0xcd), are(byte, 0x80));
  const selector = v128.and(are(byte, 0x8e), are(v128.and(v128.load(at + 1), all(0x38)), 0x28));
  return v128.or(v128.or(escaped, int80), selector);
}

/** `b9 imm32` and `41 ba imm32` with a number that has no bits but those of mmap's flags. */
function mapFlags(at: usize): v128 {
  const byte = v128.load(at);
  const constant = v128.or(are(byte, 0xb9), v128.and(are(byte, 0xba), are(v128.load(at - 1), 0x41)));
  const others = v128.or(
    v128.or(v128.and(v128.load(at + 1), all(0x8c)), v128.and(v128.load(at + 2), all(0x0e))),
    v128.or(v128.and(v128.load(at + 3), all(0xe0)), v128.load(at + 4)),
  );
  return v128.and(constant, are(others, 0));
}

/** `01 10 00 00`, ARCH_SET_GS, at its second byte. */
function setGs(at: usize): v128 {
  const code = v128.and(are(v128.load(at - 1), 0x01), are(v128.load(at), 0x10));
  return v128.and(code, are(v128.or(v128.load(at + 1), v128.load(at + 2)), 0));
}

function are(bytes: v128, value: i32): v128 {
  return i8x16.eq(bytes, all(value));
}

function all(value: i32): v128 {
  return i8x16.splat(i8(value));
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
