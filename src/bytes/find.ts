/** Finding byte sequences at memory speed. */

import { InputError } from "../errors.js";

/** Bytes that abound in machine code or data: a search for one of them would stop too often. */
const frequent: readonly number[] = [
  0x00, 0x01, 0x0f, 0x10, 0x20, 0x24, 0x41, 0x48, 0x4c, 0x83, 0x85, 0x89, 0x8b, 0x8d, 0xc0, 0xe8, 0xff,
];

/** More than half a gigabyte of real code has of any one byte that is looked for. */
const MOST_FOUND = 2 ** 24;

/** Every position at which the sequence stands, in ascending order. Throws InputError for what is full of nothing else. */
export function positionsOf(sequence: readonly number[], bytes: Uint8Array): number[] {
  const rare = sequence.findIndex((byte) => !frequent.includes(byte));
  const told = Math.max(0, rare);
  const found: number[] = [];
  for (let at = bytes.indexOf(sequence[told], told); at >= 0; at = bytes.indexOf(sequence[told], at + 1)) {
    if (!standsAt(bytes, at - told, sequence)) continue;
    if (found.length === MOST_FOUND) throw new InputError("the program is full of the same few bytes, which no real program is");
    found.push(at - told);
  }
  return found;
}

function standsAt(bytes: Uint8Array, at: number, sequence: readonly number[]): boolean {
  for (let i = 0; i < sequence.length; i++) if (bytes[at + i] !== sequence[i]) return false;
  return true;
}
