/** Names of any length and encoding are what a TextDecoder says. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8Of } from "../../../src/bytes/text.js";

test("text, and what is none", () => {
  const name = fc.string({ unit: "grapheme", maxLength: 300 }).map((text) => new TextEncoder().encode(text));
  fc.assert(
    fc.property(fc.oneof(name, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      expect(utf8Of(bytes)).toBe(new TextDecoder().decode(bytes));
    }),
  );
});

test("long ASCII", () => {
  expect(utf8Of(new Uint8Array(100_000).fill(0x61))).toBe("a".repeat(100_000));
});
