/** The first look of the rules about code: it sees what is there, and random bytes beside code do not make it ask for a walk. */

import { describe, expect, test } from "vitest";
import { codeSpaceOf } from "../../src/code/code-space.js";
import { findLandmarks, type Landmarks } from "../../src/code/landmarks.js";

function landmarksOf(bytes: Uint8Array): Landmarks {
  const range = { name: "code", fileOffset: 0, address: 0x401000, fileSize: bytes.length, memorySize: bytes.length } as const;
  return findLandmarks(codeSpaceOf([{ ...range, readable: true, writable: false, executable: true }], [bytes]));
}

/** What functions look like: a frame, moves, calls, a comparison, a jump, an end; as often as asked. */
function functions(count: number): number[] {
  const one =
    "55 48 89 e5 48 83 ec 20 89 7d ec 8b 45 ec 83 f8 07 7f 0c bf 01 00 00 00 e8 11 22 00 00 eb 05 b8 00 00 00 00 48 8b 55 f8 c9 c3 0f 1f 40 00";
  return Array.from({ length: count }, () => one.split(" ").map((byte) => Number.parseInt(byte, 16))).flat();
}

const inCode = (...bytes: number[]): Landmarks =>
  landmarksOf(Uint8Array.from([...functions(20), 0x55, ...bytes, ...functions(20)]));

describe("what stands in code is likely", () => {
  test("int $0x80", () => {
    expect(inCode(0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3).int80).toMatchObject({ isLikely: true, positions: { length: 1 } });
  });
  test("loads of %gs, and writes of bases", () => {
    for (const bytes of [
      [0x31, 0xc0, 0x8e, 0xe8],
      [0x0f, 0xa9],
      [0x0f, 0xb5, 0x0e],
    ])
      expect(inCode(...bytes).gsSelectors.isLikely).toBe(true);
    expect(inCode(0xf3, 0x48, 0x0f, 0xae, 0xd3).fsBases.isLikely).toBe(true);
    expect(inCode(0xf3, 0x49, 0x0f, 0xae, 0xd8).gsBases.isLikely).toBe(true);
  });
  test("a number in front of a syscall that is the end of another instruction, and not an ordinary one", () => {
    expect(inCode(0x41, 0xb8, 110, 0, 0, 0, 0x0f, 0x05).brokenPairs.isLikely).toBe(true);
    expect(inCode(0xb8, 110, 0, 0, 0, 0x0f, 0x05).brokenPairs).toMatchObject({ isLikely: false, positions: { length: 1 } });
  });
  test("a jump to a syscall past its number", () => {
    expect(inCode(0xb8, 110, 0, 0, 0, 0xeb, 5, 0xb8, 39, 0, 0, 0, 0x0f, 0x05).enteredPairs.isLikely).toBe(true);
    expect(inCode(0xb8, 39, 0, 0, 0, 0x0f, 0x05).enteredPairs.isLikely).toBe(false);
  });
});

test("a megabyte of random bytes beside code, as tables of cryptographic code are, is no reason to walk", () => {
  const table = new Uint8Array(1 << 20);
  // Numerical Recipes' linear congruential generator, its high byte.
  for (let i = 0, state = 1; i < table.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    table[i] = state >>> 24;
  }
  const landmarks = landmarksOf(Uint8Array.from([...functions(20), ...table, ...functions(20)]));
  const { int80, gsSelectors, fsBases, gsBases, brokenPairs, enteredPairs } = landmarks;
  expect(int80.positions.length).toBeGreaterThan(4);
  expect(gsSelectors.positions.length).toBeGreaterThan(200);
  for (const sightings of [int80, gsSelectors, fsBases, gsBases, brokenPairs, enteredPairs])
    expect(sightings.isLikely).toBe(false);
});
