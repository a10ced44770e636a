/** Whether an instruction most likely begins at a place, told from the bytes around it alone: no walk, for a first look. */

import { decode } from "../x86/decode.js";
import { Instruction } from "../x86/instruction.js";
import { scan } from "../x86/scan.js";

/** Decoding falls into step with the code within a few instructions wherever it begins, if the code does not repeat itself. */
const STARTS = [24, 37, 31, 61, 83, 104, 149, 190];

/** How far in front an odd instruction speaks against a place, in bytes. */
const NEAR = 12;

/** Nearly every decoding from before arrives there, and the bytes are such as code has. A walk has to confirm it. */
export function isLikelyStart(bytes: Uint8Array, at: number): boolean {
  let against = 0;
  for (const distance of STARTS) {
    if (distance <= at && !arrives(bytes, at - distance, at) && ++against > 1) return false;
  }
  return hasBytesOfCode(bytes, at) && followsPlainCode(bytes, at);
}

/** One decoding from before arrives there, so that nothing speaks against it. Cheaper. */
export function mayBeStart(bytes: Uint8Array, at: number): boolean {
  return STARTS.some((distance) => distance > at || arrives(bytes, at - distance, at));
}

/** Whether an instruction that `isIt` and has its last opcode byte at a position most likely stands there. */
export function isLikelyOpcode(bytes: Uint8Array, at: number, isIt: (instruction: Instruction) => boolean): boolean {
  const instruction = new Instruction();
  for (let start = at; start >= Math.max(0, at - 3); start--) {
    if (start < at && !mayPrecede(bytes[start])) return false;
    if (decode(bytes, start, bytes.length, instruction) === 0 || start + instruction.opcodeAt !== at || !isIt(instruction))
      continue;
    if (isLikelyStart(bytes, start)) return true;
  }
  return false;
}

/** 0f, 66, f3, REX: what may stand in front of those opcodes in their instruction. */
function mayPrecede(byte: number): boolean {
  return byte === 0x0f || byte === 0x66 || byte === 0xf3 || (byte & 0xf0) === 0x40;
}

/**
 * One-byte opcodes that compilers do not write beside system calls and loads of %gs, and that decoding out of step is full of: x87,
 * ports, flags by hand, loop.
 */
const odd = new Uint8Array(256);
for (const byte of [0x12, 0x14, 0x1c, 0x6c, 0x6d, 0x6e, 0x6f, 0x9b, 0x9e, 0x9f, 0xca, 0xcb, 0xd7, 0xf1, 0xf5]) odd[byte] = 1;
odd.fill(1, 0xd8, 0xe8);
odd.fill(1, 0xec, 0xf0);

/** Whether none of the instructions right in front is odd. */
function followsPlainCode(bytes: Uint8Array, at: number): boolean {
  for (let start = Math.max(0, at - STARTS[0]); start < at; ) {
    const length = scan(bytes, start, bytes.length);
    if (length > 0 && at - start < NEAR && odd[bytes[start]] === 1) return false;
    start += Math.max(1, length);
  }
  return true;
}

function arrives(bytes: Uint8Array, from: number, at: number): boolean {
  let start = from;
  while (start < at) start += Math.max(1, scan(bytes, start, bytes.length));
  return start === at;
}

/** The commonest bytes of x86-64 code: zeros and ones of displacements, REX, mov, 0f, SIB 24, call, group 1. A third of it. */
const common = new Uint8Array(256);
for (const byte of [0x00, 0xff, 0x48, 0x4c, 0x41, 0x44, 0x8b, 0x89, 0x8d, 0x0f, 0x24, 0xe8, 0x83, 0xc0]) common[byte] = 1;
const WINDOW = 48;

/** Of tables with random bytes, which cryptographic code has beside it, one in eighteen is common; a fifth is asked for. */
function hasBytesOfCode(bytes: Uint8Array, at: number): boolean {
  const from = Math.max(0, at - WINDOW);
  const to = Math.min(bytes.length, at + WINDOW);
  let count = 0;
  for (let i = from; i < to; i++) count += common[bytes[i]];
  return 5 * count >= to - from;
}
