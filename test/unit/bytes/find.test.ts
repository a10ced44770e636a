/** Sequences are found wherever they stand, whichever of their bytes is searched for. */

import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { positionsOf } from "../../../src/bytes/find.js";

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each(["Node's Buffer", "none"])(
  "with %s: every position at which a sequence stands, overlapping ones and those at both ends included",
  (buffer) => {
    if (buffer === "none") vi.stubGlobal("Buffer", undefined);
    // Few values, so that much is found; some are frequent in code, some not.
    const byte = fc.constantFrom(0x00, 0x0f, 0x48, 0x65, 0x05);
    const bytes = fc.uint8Array({ maxLength: 300 }).map((all) => all.map((value) => [0x00, 0x0f, 0x48, 0x65, 0x05][value % 5]!));
    // Few bytes are looked through in another way than many.
    for (const before of [0, 1 << 14]) {
      fc.assert(
        fc.property(fc.array(byte, { minLength: 1, maxLength: 4 }), bytes, (sequence, some) => {
          const all = new Uint8Array(before + some.length).fill(0x90, 0, before);
          all.set(some, before);
          const expected = [...some.keys()].filter((at) => sequence.every((value, i) => some[at + i] === value));
          expect(positionsOf(sequence, all)).toEqual(expected.map((at) => before + at));
        }),
      );
    }
  },
);
