/** One pass over the executable bytes, at memory speed, for the byte patterns of all rules. */

import type { SectionHeader } from "../image/image.js";
import type { CodeSpace } from "./code-space.js";
import { bestLooks, type Looks, patterns, WINDOW } from "./first-look.js";
import { Most, refuseMore } from "./limits.js";
import { matches, type Pattern } from "./patterns.js";

/**
 * Where patterns stand: positions in ascending order, each once. Most are text, data or the inside of other instructions in a large
 * program; a walk tells. Asked for one that no rule declares it throws.
 */
export type Sightings = (...wanted: readonly string[]) => readonly number[];

/** By the byte that they are searched by. */
const byByte: Pattern[][] = Array.from({ length: 256 }, (_, byte) => patterns.filter((pattern) => pattern.byte === byte));

/**
 * Looks through the executable bytes once. Where section headers tell which of them are code, only at those: linkers that make one
 * segment of code and constants put megabytes of tables and text there. `looks` is a choice for tests.
 */
export function findSightings(space: CodeSpace, sections: readonly SectionHeader[] = [], looks: Looks = bestLooks()): Sightings {
  const { bytes } = space;
  const positions = new Map(patterns.map(({ text }) => [text, [] as number[]]));
  for (const [start, end] of windowsOf(stretchesOfCode(space, sections))) {
    for (const list of positions.values()) refuseMore(list.length, Most.sightings, "places of a kind");
    for (const found of looks.forPatterns(bytes, start, end - start)) {
      const at = start + found;
      for (const pattern of byByte[bytes[at]]) {
        if (matches(pattern, bytes, at)) positions.get(pattern.text)!.push(at + pattern.place);
      }
    }
  }
  return (...wanted) => {
    const lists = wanted.map((text) => {
      const list = positions.get(text);
      if (list === undefined) throw new Error(`no rule declares the pattern ${text}`);
      return list;
    });
    return lists.length === 1 ? lists[0] : [...new Set(lists.flat())].sort((a, b) => a - b);
  };
}

/** SHF_EXECINSTR */
const IS_CODE = 4;

/** First and last position of each stretch of code, in ascending order: the sections with instructions, or else all there is. */
function stretchesOfCode(space: CodeSpace, sections: readonly SectionHeader[]): [number, number][] {
  const stretches: [number, number][] = [];
  for (const { flags, address, size } of sections) {
    const start = (flags & IS_CODE) !== 0 && size > 0 ? space.positionOf(address) : -1;
    if (start >= 0) stretches.push([start, Math.min(start + size, space.endOf(start))]);
  }
  return stretches.length > 0 ? merged(stretches) : [[0, space.bytes.length]];
}

/** In ascending order, those that overlap as one: thousands of sections may name the same bytes. */
function merged(stretches: [number, number][]): [number, number][] {
  const result: [number, number][] = [];
  for (const [start, end] of stretches.sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && start < last[1]) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}

/** The stretches in pieces that can be looked into, without the first byte of each: most patterns are searched by their second byte or a later one. */
function windowsOf(stretches: readonly [number, number][]): [number, number][] {
  const windows: [number, number][] = [];
  for (const [start, end] of stretches) {
    for (let from = start + 1; from < end; from += WINDOW) windows.push([from, Math.min(from + WINDOW, end)]);
  }
  return windows;
}
