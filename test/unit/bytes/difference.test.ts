/** What compares four bytes at a time says what comparing each says, wherever the arrays lie in memory. */

import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { firstDifference } from "../../../src/bytes/difference.js";

function byEach(one: Uint8Array, other: Uint8Array, from: number): number {
  for (let at = from; at < Math.max(one.length, other.length); at++) if (one[at] !== other[at]) return at;
  return -1;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each(["Node's Buffer", "none"])("with %s: the first difference, for all lengths, places and alignments", (buffer) => {
  if (buffer === "none") vi.stubGlobal("Buffer", undefined);
  const sizes = fc.integer({ min: 0, max: 70_000 });
  const offsets = fc.integer({ min: 0, max: 7 });
  fc.assert(
    fc.property(
      sizes,
      sizes,
      offsets,
      offsets,
      fc.array(sizes, { maxLength: 3 }),
      sizes,
      (a, b, oneAt, otherAt, changed, from) => {
        const one = new Uint8Array(new ArrayBuffer(a + oneAt), oneAt);
        const other = new Uint8Array(new ArrayBuffer(b + otherAt), otherAt);
        for (const at of changed) if (at < other.length) other[at] = 1;
        expect(firstDifference(one, other, from)).toBe(byEach(one, other, from));
      },
    ),
  );
});
