/** Patches on an open file: every byte is looked at, wherever the patches lie, and nothing is written where one is another. */

import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Patch } from "../../../src/fix/apply.js";
import { patchDescriptor } from "../../../src/write/patch.js";
import { temporaryFolder } from "../../support/folder.js";

const SIZE = 400_000;
const original = Uint8Array.from({ length: SIZE }, (_, at) => (at * 7) & 0xff);

function patchAt(fileOffset: number, length: number): Patch {
  const expected = original.slice(fileOffset, fileOffset + length);
  return { fileOffset, expected, replacement: expected.map((byte) => byte ^ 0xff) };
}

function patched(patches: readonly Patch[]): { bytes: Uint8Array; error: unknown } {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, original);
  const descriptor = openSync(path, "r+");
  let error: unknown;
  try {
    patchDescriptor(descriptor, patches, false);
  } catch (thrown) {
    error = thrown;
  } finally {
    closeSync(descriptor);
  }
  return { bytes: new Uint8Array(readFileSync(path)), error };
}

/** Side by side, across where 64 KiB end, far apart, longer than what is read at once, at both ends of the file. */
const patches = [
  patchAt(0, 4),
  patchAt(4, 1),
  patchAt(65_530, 12),
  patchAt(65_542, 2),
  patchAt(131_070, 4),
  patchAt(150_000, 100_000),
  patchAt(SIZE - 3, 3),
];

test.each([
  ["in order", patches],
  ["in any order", [...patches].reverse()],
])("all are made, %s", (_order, all) => {
  const expected = original.slice();
  for (const { fileOffset, replacement } of patches) expected.set(replacement, fileOffset);
  const { bytes, error } = patched(all);
  expect(error).toBeUndefined();
  expect(Buffer.compare(bytes, expected)).toBe(0);
});

test.each([...patches.keys()])("none is made where patch %i expects something else", (index) => {
  const { fileOffset, expected, replacement } = patches[index]!;
  const wrong = expected.slice();
  // Neither the byte that is there nor the new one.
  wrong[wrong.length - 1]! ^= 0x0f;
  const { bytes, error } = patched(patches.with(index, { fileOffset, expected: wrong, replacement }));
  expect(String(error)).toContain(`at file offset 0x${fileOffset.toString(16)} there should be`);
  expect(Buffer.compare(bytes, original)).toBe(0);
});

test("none is made where the file ends before one does", () => {
  const past: Patch = { fileOffset: SIZE - 1, expected: Uint8Array.of(1, 2), replacement: Uint8Array.of(3, 4) };
  const { bytes, error } = patched([...patches.slice(0, 3), past]);
  expect(String(error)).toContain("this is not the file that the plan was made for");
  expect(Buffer.compare(bytes, original)).toBe(0);
});
