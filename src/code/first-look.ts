/** Which few of a program's bytes sightings.ts has to look at: in WebAssembly, sixteen at a time, or in JavaScript. */

import { firstLookBinary, patterns as texts } from "./first-look-binary.js";
import { parsePattern } from "./patterns.js";
import { instantiate } from "./web-assembly.js";

/** The byte patterns of all rules: those that the WebAssembly was made for. */
export const patterns = texts.map(parsePattern);

/** engine/first-look.ts */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  windowAt(): number;
  foundAt(): number;
  targetsAt(): number;
  look(size: number): number;
  lookForJumps(size: number): number;
}

/** The most bytes that are looked at in one go. A larger program passes through a window of this size, so it needs no memory. */
export const WINDOW = 0x10000;

/**
 * Places among `size` bytes from `from` on (`size` at most `WINDOW`, `from` at least 1), counted from there, ascending, at which the
 * byte that a pattern is searched by can be. Among them are all at which it is; valid until the next call.
 */
export type Look = (bytes: Uint8Array, from: number, size: number) => Uint16Array;

/** How far a jump goes at most that is looked for, in bytes: few functions are longer. */
export const REACH = 0x8000;

/** The same for places of direct jumps, branches and calls to one of the targets: positions, none more than REACH from the window. */
export type JumpLook = (bytes: Uint8Array, from: number, size: number, targets: readonly number[]) => Uint16Array;

/** Both looks. */
export interface Looks {
  readonly forPatterns: Look;
  readonly forJumps: JumpLook;
}

/** In WebAssembly where this engine can. */
export function bestLooks(): Looks {
  return looksOfEngine() ?? looksInScript;
}

let engineLooks: Looks | undefined;

/** Undefined where this engine has no WebAssembly, or no SIMD (a processor without SSE4.1). */
export function looksOfEngine(): Looks | undefined {
  engineLooks ??= makeEngineLooks();
  return engineLooks;
}

function makeEngineLooks(): Looks | undefined {
  const exports = instantiate<Exports>(firstLookBinary, {});
  if (exports === undefined) return undefined;
  const { buffer } = exports.memory;
  const memory = new Uint8Array(buffer);
  const windowAt = exports.windowAt();
  const found = new Uint16Array(buffer, exports.foundAt(), WINDOW);
  const targetsAt = exports.targetsAt();
  return {
    forPatterns: (bytes, from, size) => {
      // One byte in front and four behind are asked for as well. Behind the program's end older bytes may stand: a place too many.
      memory.set(bytes.subarray(from - 1, from + size + 4), windowAt - 1);
      return found.subarray(0, exports.look(size));
    },
    forJumps: (bytes, from, size, targets) => {
      memory.set(bytes.subarray(from, from + size + 5), windowAt);
      const origin = targetsAt + REACH - from;
      for (const target of targets) memory[origin + target] = 1;
      const count = exports.lookForJumps(size);
      for (const target of targets) memory[origin + target] = 0;
      return found.subarray(0, count);
    },
  };
}

/** Bytes that a pattern is searched by. */
const triggers = new Uint8Array(256);
for (const { byte } of patterns) triggers[byte] = 1;

let scriptFound: Uint16Array | undefined;

export const looksInScript: Looks = {
  forPatterns: (bytes, from, size) => {
    scriptFound ??= new Uint16Array(WINDOW);
    const end = from + size;
    let count = 0;
    for (let at = nextTrigger(bytes, from, end); at < end; at = nextTrigger(bytes, at + 1, end)) scriptFound[count++] = at - from;
    return scriptFound.subarray(0, count);
  },
  forJumps: (bytes, from, size, targets) => {
    scriptFound ??= new Uint16Array(WINDOW);
    const wanted = new Set(targets);
    let count = 0;
    for (let at = from; at < from + size; at++) {
      if (jumps[bytes[at]] === 1 && wanted.has(targetOf(bytes, at))) scriptFound[count++] = at - from;
    }
    return scriptFound.subarray(0, count);
  },
};

/** First bytes of what `targetOf` knows. */
const jumps = new Uint8Array(256);
for (const byte of [0x0f, 0xe8, 0xe9, 0xeb]) jumps[byte] = 1;
jumps.fill(1, 0x70, 0x80);

/** Where `eb`, `7x`, `e9`, `e8` or `0f 8x` at a position would go to; -1 for anything else. */
export function targetOf(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === 0xeb || (byte & 0xf0) === 0x70) return at + 2 + ((bytes[at + 1] << 24) >> 24);
  if (byte === 0xe8 || byte === 0xe9) return at + 5 + distance(bytes, at + 1);
  return byte === 0x0f && (bytes[at + 1] & 0xf0) === 0x80 ? at + 6 + distance(bytes, at + 2) : -1;
}

function distance(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

/** Position of the next byte that is one of the triggers, `end` without one. Four at a time: half the time of one by one. */
function nextTrigger(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  for (; at + 4 <= end; at += 4) {
    if ((triggers[bytes[at]] | triggers[bytes[at + 1]] | triggers[bytes[at + 2]] | triggers[bytes[at + 3]]) !== 0) break;
  }
  while (at < end && triggers[bytes[at]] === 0) at++;
  return at;
}
