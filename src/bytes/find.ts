/** Finding byte sequences at memory speed. */

import { InputError } from "../errors.js";
import { nodeBuffer } from "./engine.js";

/** Bytes that abound in machine code or data: a search for one of them would stop too often. */
const frequent: readonly number[] = [
  0x00, 0x01, 0x0f, 0x10, 0x20, 0x24, 0x41, 0x48, 0x4c, 0x83, 0x85, 0x89, 0x8b, 0x8d, 0xc0, 0xe8, 0xff,
];

/** More than half a gigabyte of real code has of any one byte that is looked for. */
const MOST_FOUND = 2 ** 24;

/** Every position at which the sequence stands, in ascending order. Throws InputError for what is full of nothing else. */
export function positionsOf(sequence: readonly number[], bytes: Uint8Array): number[] {
  const next = searchFor(sequence, bytes);
  const found: number[] = [];
  for (let at = next(0); at >= 0; at = next(at + 1)) {
    if (found.length === MOST_FOUND) throw new InputError("the program is full of the same few bytes, which no real program is");
    found.push(at);
  }
  return found;
}

/** Whether a text of ASCII characters stands somewhere. */
export function includesText(text: string, bytes: Uint8Array): boolean {
  return searchFor(asciiOf(text), bytes)(0) >= 0;
}

/** The codes of a text of ASCII characters. */
export function asciiOf(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

/** What gives the first position from one on at which the sequence stands, -1 without one. */
function searchFor(sequence: readonly number[], bytes: Uint8Array): (from: number) => number {
  const rare = sequence.findIndex((byte) => !frequent.includes(byte));
  const buffer = nodeBuffer()?.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // A Buffer looks for the first byte of what it is given, and then at the others; a single one it would find too often for us.
  const told = Math.max(0, buffer === undefined ? rare : Math.min(rare, sequence.length - 2));
  const wanted = Uint8Array.from(sequence.slice(told));
  const next = (from: number) => (buffer === undefined ? bytes.indexOf(wanted[0]!, from) : buffer.indexOf(wanted, from));
  return (from) => {
    let at = from + told < bytes.length ? next(from + told) : -1;
    while (at >= 0 && !standsAt(bytes, at - told, sequence)) at = at + 1 < bytes.length ? next(at + 1) : -1;
    return at < 0 ? -1 : at - told;
  };
}

function standsAt(bytes: Uint8Array, at: number, sequence: readonly number[]): boolean {
  for (let i = 0; i < sequence.length; i++) if (bytes[at + i] !== sequence[i]) return false;
  return true;
}
