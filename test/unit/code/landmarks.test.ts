/** The first look of the rules about code: it sees what is there, and random bytes beside code do not make it ask for a walk. */

import { describe, expect, test } from "vitest";
import { codeSpaceOf } from "../../../src/code/code-space.js";
import { type Looks, looksInScript, looksOfKernel, REACH, WINDOW } from "../../../src/code/first-look.js";
import { findLandmarks, type Landmarks } from "../../../src/code/landmarks.js";
import { executableParts, realCode } from "../../support/executable.js";
import { isLong, often } from "../../support/often.js";

function landmarksOf(bytes: Uint8Array, looks?: Looks): Landmarks {
  const range = { name: "code", fileOffset: 0, address: 0x401000, fileSize: bytes.length, memorySize: bytes.length } as const;
  return findLandmarks(codeSpaceOf([{ ...range, readable: true, writable: false, executable: true }], [bytes]), [], looks);
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

/** One of each landmark. */
const patterns = {
  "a number and a syscall": [0xb8, 110, 0, 0, 0, 0x0f, 0x05],
  "int $0x80": [0xcd, 0x80],
  "mov %eax,%gs": [0x8e, 0xe8],
  "pop %gs": [0x0f, 0xa9],
  lgs: [0x0f, 0xb5, 0x0e],
  wrfsbase: [0xf3, 0x48, 0x0f, 0xae, 0xd3],
  wrgsbase: [0xf3, 0x0f, 0xae, 0xd8],
  "flags in %ecx": [0xb9, 0x22, 0x01, 0x10, 0],
  "flags in %r10d": [0x41, 0xba, 0x03, 0, 0x08, 0],
  "ARCH_SET_GS in %edi": [0xbf, 0x01, 0x10, 0, 0],
  "ARCH_SET_GS in %rdi": [0x48, 0xc7, 0xc7, 0x01, 0x10, 0, 0],
};

/** Random bytes, bytes that landmarks are made of, and a few landmarks. The generator is Numerical Recipes'. */
function nearlyLandmarks(size: number, seed: number): Uint8Array {
  const parts = [
    0, 0, 0, 0, 1, 3, 0x05, 0x0f, 0x0f, 0x0f, 0x10, 0x41, 0x80, 0x8e, 0xa9, 0xae, 0xb5, 0xb8, 0xb9, 0xba, 0xcd, 0xd3, 0xe8, 0xf3,
  ];
  const whole = Object.values(patterns);
  const bytes = new Uint8Array(size);
  for (let i = 0, state = seed; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const high = state >>> 24;
    bytes[i] = (state & 0x10000) === 0 ? high : parts[high % parts.length]!;
    const pattern = whole[high];
    if (pattern !== undefined && i >= pattern.length && (state & 0xe0000) === 0) bytes.set(pattern, i - pattern.length);
  }
  return bytes;
}

describe("WebAssembly and JavaScript see the same", () => {
  const inKernel = looksOfKernel()!;

  /** Their landmarks are the same, and JavaScript has been asked at every place that the kernel names, once and in order. */
  function expectSame(bytes: Uint8Array): number {
    const landmarks = landmarksOf(bytes, inKernel);
    expect(landmarks).toEqual(landmarksOf(bytes, looksInScript));
    for (let from = 1; from < bytes.length; from += WINDOW) {
      const size = Math.min(WINDOW, bytes.length - from);
      const places = [...inKernel.forLandmarks(bytes, from, size)];
      const all = new Set(looksInScript.forLandmarks(bytes, from, size));
      expect(places.filter((place, index) => !all.has(place) || place <= (places[index - 1] ?? -1))).toEqual([]);
    }
    const { brokenPairs, int80, gsSelectors, fsBases, gsBases, mapFlags, setGs } = landmarks;
    const lists = [brokenPairs, int80, gsSelectors, fsBases, gsBases].map(({ positions }) => positions.length);
    return [...lists, mapFlags.length, setGs.length].reduce((least, length) => Math.min(least, length));
  }

  test("in bytes that are nearly landmarks, of each kind dozens", () => {
    expect(expectSame(nearlyLandmarks(1 << 20, 1))).toBeGreaterThan(9);
  });

  test("in bytes of every small size, one after the other in the same memory", () => {
    for (let size = often(100, 300); size >= 0; size--) expectSame(nearlyLandmarks(size, size));
  });

  test("jumps of every form to places inside and outside of a window, as far as they are looked for", () => {
    const bytes = nearlyLandmarks(3 * WINDOW, 2);
    for (let at = 5; at < bytes.length; at += 977) {
      const distance = (Math.imul(at, 0x9e3779b1) >> 15) & -4;
      const forms = [[0xeb], [0x74], [0xe8], [0xe9], [0x0f, 0x84]];
      const form = forms[at % 5]!;
      bytes.set([...form, distance, distance >> 8, distance >> 16, distance >> 24], at);
    }
    let found = 0;
    for (const [from, size] of [
      [0, WINDOW],
      [WINDOW, WINDOW],
      [5, 20_000],
      [3 * WINDOW - 50_000, 50_000],
    ] as const) {
      const targets = Array.from({ length: 4000 }, (_, i) => from - REACH + i * 32).filter(
        (to) => to >= 0 && to < from + size + REACH,
      );
      const places = [...inKernel.forJumps(bytes, from, size, targets)];
      expect(places).toEqual([...looksInScript.forJumps(bytes, from, size, targets)]);
      found += places.length;
    }
    expect(found).toBeGreaterThan(100);
  });

  test.each(Object.entries(patterns))(
    "%s, on either side of each window's edge and across it, and at both ends",
    (_, pattern) => {
      const size = 3 * WINDOW + 100;
      const places = [1, size - pattern.length];
      for (const edge of [1, 2, 3]) for (let by = -20; by <= 20; by++) places.push(edge * WINDOW + by);
      for (const place of places) {
        const bytes = new Uint8Array(size);
        bytes.set(pattern, place);
        const landmarks = landmarksOf(bytes, inKernel);
        expect(landmarks).toEqual(landmarksOf(bytes, looksInScript));
        const { brokenPairs, int80, gsSelectors, fsBases, gsBases, mapFlags, setGs } = landmarks;
        const found = [brokenPairs, int80, gsSelectors, fsBases, gsBases].flatMap(({ positions }) => positions);
        expect(found.length + mapFlags.length + setGs.length).toBe(1);
      }
    },
  );

  test("in node's code, and in programs and libraries that are here", () => {
    const [text] = executableParts(process.execPath, ".text");
    expectSame(text!.bytes.subarray(0, often(1 << 20, text!.bytes.length)));
    if (isLong) for (const { bytes } of realCode(text!.bytes.length + (1 << 25)).slice(1)) expectSame(bytes);
  });
});
