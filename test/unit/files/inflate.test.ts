import { deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inflateRaw } from "../../../src/files/inflate.js";
import { often } from "../../support/often.js";

function byModule(bytes: Uint8Array, limit: number): Uint8Array | undefined {
  try {
    return inflateRawSync(bytes, { maxOutputLength: limit });
  } catch {
    return undefined;
  }
}

const asHex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("hex");

/** Pieces that are repeated, so that the result is sometimes far larger than what it came from. */
const contents = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 100 })), { maxLength: 6 })
  .map((pieces) => Buffer.concat(pieces.flatMap(([bytes, count]) => Array<Uint8Array>(count).fill(bytes))));

test("inflates what node:zlib does, to the same bytes, and gives up where that does", () => {
  fc.assert(
    fc.property(
      contents,
      fc.integer({ min: 0, max: 9 }),
      fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      fc.option(fc.nat()),
      fc.integer({ min: -1, max: 1 }),
      (bytes, level, cut, flip, spare) => {
        let deflated = Buffer.from(deflateRawSync(bytes, { level }));
        if (cut !== null) deflated = deflated.subarray(0, Math.floor(cut * deflated.length));
        if (flip !== null && deflated.length > 0) deflated[flip % deflated.length]! ^= 1 << (flip % 8);
        const limit = Math.max(1, bytes.length + spare);
        expect(asHex(inflateRaw(deflated, limit))).toBe(asHex(byModule(deflated, limit)));
      },
    ),
    { numRuns: often(60, 500) },
  );
});
