/** The first look of the rules about code: it sees what is there, and random bytes beside code do not make it ask for a walk. */

import { describe, expect, test } from "vitest";
import { codeSpaceOf } from "../../../src/code/code-space.js";
import { mayBeEntered } from "../../../src/code/entered.js";
import { type Looks, looksInScript, looksOfEngine, patterns, REACH, WINDOW } from "../../../src/code/first-look.js";
import { isLikelyOpcode, isLikelyStart, mayBeStart } from "../../../src/code/in-step.js";
import { parsePattern } from "../../../src/code/patterns.js";
import { isBaseWrite, isSelectorLoad } from "../../../src/code/selectors.js";
import { findSightings, type Sightings } from "../../../src/code/sightings.js";
import { rules } from "../../../src/rules/index.js";
import { executableParts, realCode } from "../../support/executable.js";

function sightingsOf(bytes: Uint8Array, looks?: Looks): Sightings {
  const range = { name: "code", fileOffset: 0, address: 0x401000, fileSize: bytes.length, memorySize: bytes.length } as const;
  return findSightings(codeSpaceOf([{ ...range, readable: true, writable: false, executable: true }], [bytes]), [], looks);
}

/** What functions look like: a frame, moves, calls, a comparison, a jump, an end; as often as asked. */
function functions(count: number): number[] {
  const one =
    "55 48 89 e5 48 83 ec 20 89 7d ec 8b 45 ec 83 f8 07 7f 0c bf 01 00 00 00 e8 11 22 00 00 eb 05 b8 00 00 00 00 48 8b 55 f8 c9 c3 0f 1f 40 00";
  return Array.from({ length: count }, () => one.split(" ").map((byte) => Number.parseInt(byte, 16))).flat();
}

const inCode = (...bytes: number[]): Uint8Array => Uint8Array.from([...functions(20), 0x55, ...bytes, ...functions(20)]);

const INT80 = ["cd 80"];
const SELECTORS = ["8e /5", "0f >a9", "0f >b5"];
const WRFSBASE = ["f3 0f >ae d0+r", "f3 .. 0f >ae d0+r"];
const WRGSBASE = ["f3 0f >ae d8+r", "f3 .. 0f >ae d8+r"];
const NUMBERED_CALL = ["b8 .. .. 00 00 >0f 05"];

/** Whether one is likely to be it, as the rules ask. */
const isLikely = {
  int80: (bytes: Uint8Array) => sightingsOf(bytes)(...INT80).some((at) => isLikelyStart(bytes, at)),
  selector: (bytes: Uint8Array) => sightingsOf(bytes)(...SELECTORS).some((at) => isLikelyOpcode(bytes, at, isSelectorLoad)),
  fsBase: (bytes: Uint8Array) => sightingsOf(bytes)(...WRFSBASE).some((at) => isLikelyOpcode(bytes, at, isBaseWrite)),
  gsBase: (bytes: Uint8Array) => sightingsOf(bytes)(...WRGSBASE).some((at) => isLikelyOpcode(bytes, at, isBaseWrite)),
  broken: (bytes: Uint8Array) =>
    sightingsOf(bytes)(...NUMBERED_CALL).some((at) => !mayBeStart(bytes, at - 5) && isLikelyStart(bytes, at)),
  entered: (bytes: Uint8Array) => mayBeEntered(bytes, sightingsOf(bytes)(...NUMBERED_CALL)),
};

describe("patterns", () => {
  test("what was built is what the rules declare", () => {
    const declared = rules.flatMap((rule) => ("patterns" in rule ? (rule.patterns ?? []) : []));
    expect(patterns.map(({ text }) => text).sort()).toEqual([...new Set(declared)].sort());
  });

  test("are searched by their last whole byte that is not zero", () => {
    expect(parsePattern("b8 .. .. 00 00 >0f 05")).toMatchObject({ byte: 0x05, first: -6, last: 0, place: -1 });
    expect(parsePattern("41 ba ~73 ~f1 00")).toEqual({
      text: "41 ba ~73 ~f1 00",
      byte: 0xba,
      tests: [
        { offset: -1, mask: 0xff, value: 0x41 },
        { offset: 1, mask: 0x8c, value: 0 },
        { offset: 2, mask: 0x0e, value: 0 },
        { offset: 3, mask: 0xff, value: 0 },
      ],
      first: -1,
      last: 3,
      place: -1,
    });
    expect(parsePattern("8e /5").tests).toEqual([{ offset: 1, mask: 0x38, value: 0x28 }]);
    expect(parsePattern("f3 0f >ae d8+r")).toMatchObject({ byte: 0xae, place: 0 });
  });

  test.each(["", "0f 5", "0F 05", "0f /8", "00 00", ".. /1", "0f  05", "b8+r"])("%j is none", (text) => {
    expect(() => parsePattern(text)).toThrow(/pattern/);
  });

  test("nothing is found before the first byte or behind the last one", () => {
    expect(sightingsOf(Uint8Array.of(0x41, 0xb9, 0x22, 0x01, 0x10))("b9 ~73 ~f1 ~1f 00")).toEqual([]);
    expect(sightingsOf(Uint8Array.of(0x0f, 0x05))(...NUMBERED_CALL)).toEqual([]);
  });

  test("one that no rule declares is an error of the rule that asks", () => {
    expect(() => sightingsOf(inCode())("0f 0b")).toThrow("no rule declares");
  });
});

describe("what stands in code is likely", () => {
  test("int $0x80", () => {
    const bytes = inCode(0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3);
    expect(sightingsOf(bytes)(...INT80)).toHaveLength(1);
    expect(isLikely.int80(bytes)).toBe(true);
  });
  test("loads of %gs, and writes of bases", () => {
    for (const bytes of [
      [0x31, 0xc0, 0x8e, 0xe8],
      [0x0f, 0xa9],
      [0x0f, 0xb5, 0x0e],
    ])
      expect(isLikely.selector(inCode(...bytes))).toBe(true);
    expect(isLikely.fsBase(inCode(0xf3, 0x48, 0x0f, 0xae, 0xd3))).toBe(true);
    expect(isLikely.gsBase(inCode(0xf3, 0x49, 0x0f, 0xae, 0xd8))).toBe(true);
  });
  test("a number in front of a syscall that is the end of another instruction, and not an ordinary one", () => {
    expect(isLikely.broken(inCode(0x41, 0xb8, 110, 0, 0, 0, 0x0f, 0x05))).toBe(true);
    const ordinary = inCode(0xb8, 110, 0, 0, 0, 0x0f, 0x05);
    expect(sightingsOf(ordinary)(...NUMBERED_CALL)).toHaveLength(1);
    expect(isLikely.broken(ordinary)).toBe(false);
  });
  test("a jump to a syscall past its number", () => {
    expect(isLikely.entered(inCode(0xb8, 110, 0, 0, 0, 0xeb, 5, 0xb8, 39, 0, 0, 0, 0x0f, 0x05))).toBe(true);
    expect(isLikely.entered(inCode(0xb8, 39, 0, 0, 0, 0x0f, 0x05))).toBe(false);
  });
});

test("a megabyte of random bytes beside code, as tables of cryptographic code are, is no reason to walk", () => {
  const table = new Uint8Array(1 << 20);
  // Numerical Recipes' linear congruential generator, its high byte.
  for (let i = 0, state = 1; i < table.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    table[i] = state >>> 24;
  }
  const bytes = Uint8Array.from([...functions(20), ...table, ...functions(20)]);
  expect(sightingsOf(bytes)(...INT80).length).toBeGreaterThan(4);
  expect(sightingsOf(bytes)(...SELECTORS).length).toBeGreaterThan(200);
  for (const isLikelyIn of Object.values(isLikely)) expect(isLikelyIn(bytes)).toBe(false);
});

/** One of each kind. */
const examples = {
  "a number and a syscall": [0xb8, 110, 0, 0, 0, 0x0f, 0x05],
  "int $0x80": [0xcd, 0x80],
  "mov %eax,%gs": [0x8e, 0xe8],
  "pop %gs": [0x0f, 0xa9],
  lgs: [0x0f, 0xb5, 0x0e],
  "wrfsbase with REX": [0xf3, 0x48, 0x0f, 0xae, 0xd3],
  "wrfsbase without": [0xf3, 0x0f, 0xae, 0xd3],
  "wrgsbase with REX": [0xf3, 0x49, 0x0f, 0xae, 0xd8],
  "wrgsbase without": [0xf3, 0x0f, 0xae, 0xd8],
  "flags in %ecx": [0xb9, 0x22, 0x01, 0x10, 0],
  "flags in %r10d": [0x41, 0xba, 0x03, 0, 0x08, 0],
  "ARCH_SET_GS in %edi": [0xbf, 0x01, 0x10, 0, 0],
  "ARCH_SET_GS in %rdi": [0x48, 0xc7, 0xc7, 0x01, 0x10, 0, 0],
};

/** Random bytes, bytes that patterns are made of, and a few of what they are for. The generator is Numerical Recipes'. */
function nearlyPatterns(size: number, seed: number): Uint8Array {
  const parts = [
    0, 0, 0, 0, 1, 3, 0x05, 0x0f, 0x0f, 0x0f, 0x10, 0x41, 0x80, 0x8e, 0xa9, 0xae, 0xb5, 0xb8, 0xb9, 0xba, 0xcd, 0xd3, 0xe8, 0xf3,
  ];
  const whole = Object.values(examples);
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
  const inEngine = looksOfEngine()!;
  /** Where each pattern is. */
  const listsOf = (bytes: Uint8Array, looks: Looks) => {
    const sightings = sightingsOf(bytes, looks);
    return patterns.map(({ text }) => sightings(text));
  };

  /** What they find is the same, and JavaScript has been asked at every place that the engine names, once and in order. */
  function expectSame(bytes: Uint8Array): number {
    const lists = listsOf(bytes, inEngine);
    expect(lists).toEqual(listsOf(bytes, looksInScript));
    for (let from = 1; from < bytes.length; from += WINDOW) {
      const size = Math.min(WINDOW, bytes.length - from);
      const places = [...inEngine.forPatterns(bytes, from, size)];
      const all = new Set(looksInScript.forPatterns(bytes, from, size));
      expect(places.filter((place, index) => !all.has(place) || place <= (places[index - 1] ?? -1))).toEqual([]);
    }
    return lists.reduce((least, { length }) => Math.min(least, length), Number.POSITIVE_INFINITY);
  }

  test("in bytes that are nearly patterns, of each kind dozens", () => {
    expect(expectSame(nearlyPatterns(1 << 20, 1))).toBeGreaterThan(9);
  });

  test("in bytes of every small size, one after the other in the same memory", () => {
    for (let size = 300; size >= 0; size--) expectSame(nearlyPatterns(size, size));
  });

  test("jumps of every form to places inside and outside of a window, as far as they are looked for", () => {
    const bytes = nearlyPatterns(3 * WINDOW, 2);
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
      const places = [...inEngine.forJumps(bytes, from, size, targets)];
      expect(places).toEqual([...looksInScript.forJumps(bytes, from, size, targets)]);
      found += places.length;
    }
    expect(found).toBeGreaterThan(100);
  });

  test.each(Object.entries(examples))(
    "%s, on either side of each window's edge and across it, and at both ends",
    (_, pattern) => {
      const size = 3 * WINDOW + 100;
      const places = [1, size - pattern.length];
      for (const edge of [1, 2, 3]) for (let by = -20; by <= 20; by++) places.push(edge * WINDOW + by);
      for (const place of places) {
        const bytes = new Uint8Array(size);
        bytes.set(pattern, place);
        const lists = listsOf(bytes, inEngine);
        expect(lists).toEqual(listsOf(bytes, looksInScript));
        expect(lists.flat()).toHaveLength(1);
      }
    },
  );

  test("in node's code, and in programs and libraries that are here", () => {
    const [text] = executableParts(process.execPath, ".text");
    expectSame(text!.bytes);
    for (const { bytes } of realCode(text!.bytes.length + (1 << 25)).slice(1)) expectSame(bytes);
  }, 120_000);
});
