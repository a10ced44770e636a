/** Comparing bytes, a block or four at a time: a proof looks at every byte of a program, in a process too short to be optimised. */

import { nodeBuffer } from "./engine.js";

/** So many bytes are copied at most where they are not aligned. */
const BLOCK = 1 << 14;

/** The first position from `from` on at which two arrays differ, the end of the shorter included; -1 where they are the same. */
export function firstDifference(one: Uint8Array, other: Uint8Array, from = 0): number {
  const length = Math.min(one.length, other.length);
  let at = from;
  for (let equal = BLOCK; equal === BLOCK && at + BLOCK <= length; at += equal) equal = equalBytes(one, other, at);
  while (at < length && one[at] === other[at]) at++;
  return at < Math.max(one.length, other.length) ? at : -1;
}

/** How many bytes of the block at a position are equal, in whole words. */
function equalBytes(one: Uint8Array, other: Uint8Array, at: number): number {
  if (nodeBuffer()?.compare(one.subarray(at, at + BLOCK), other.subarray(at, at + BLOCK)) === 0) return BLOCK;
  const [words, others] = [wordsOf(one, at), wordsOf(other, at)];
  let word = 0;
  while (word < words.length && words[word] === others[word]) word++;
  return 4 * word;
}

function wordsOf(bytes: Uint8Array, at: number): Uint32Array {
  const start = bytes.byteOffset + at;
  if (start % 4 === 0) return new Uint32Array(bytes.buffer, start, BLOCK / 4);
  return new Uint32Array(bytes.slice(at, at + BLOCK).buffer);
}
