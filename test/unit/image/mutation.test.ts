/** Bytes changed at random: whatever comes of it, it is an image or an InputError of one sentence, and it comes soon. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildApe } from "../../fixtures/images/ape-builder.js";
import { buildElf, exitCode } from "../../fixtures/images/elf-builder.js";
import { outcome } from "../../fixtures/images/read.js";
import { buildZip, concat } from "../../fixtures/images/zip-builder.js";
import { often, processorTime } from "../../support/often.js";

/** Of processor time, and generous: each takes a few. */
const mostMilliseconds = 5000;
const runs = Number(process.env["SANDFIT_MUTATIONS"] ?? often(60, 300));

const member = [{ name: ".symtab.amd64", bytes: new Uint8Array(500), deflate: true }];
const dynamic = buildElf({
  type: 3,
  segments: [
    { address: 0x1000, offset: 0x1000, flags: 7, bytes: new Uint8Array(0x400).fill(1), memorySize: 0x2000 },
    { type: 2, offset: 0x1200, address: 0x1200, fileSize: 0x200 },
    { type: 0x6474e550, offset: 0x1100, address: 0x1100, fileSize: 64 },
    { type: 4, offset: 0x1300, fileSize: 64 },
    { type: 3, bytes: new TextEncoder().encode("/lib/ld.so\0") },
  ],
  symbols: [{ name: "f", address: 0x1000, size: 4 }],
});
const fixtures: Record<string, Uint8Array> = {
  "ELF64 with symbols": buildElf({ symbols: [{ name: "_start", address: 0x400000, size: 9 }] }),
  "ELF32 big-endian": buildElf({ class: 32, littleEndian: false, machine: 20, symbols: [{ name: "_start", address: 0x400000 }] }),
  "dynamic ELF": dynamic,
  "ELF with an archive": concat([buildElf(), buildZip({ members: member, at: 0x1009, zip64: true }).bytes]),
  APE: buildApe({ machines: [62, 183], pe: true, macho: true, zip: member }),
};

/** Single bytes, runs of one value, cuts and copies of a part over another: the ways in which files are damaged. */
const mutation = (size: number): fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> => {
  // Headers are where damage matters most.
  const place = fc.oneof({ weight: 3, arbitrary: fc.nat(Math.min(size, 512) - 1) }, { weight: 1, arbitrary: fc.nat(size - 1) });
  const value = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x50, 0x27);
  return fc.oneof(
    fc.tuple(place, fc.nat(255)).map(
      ([at, byte]) =>
        (bytes: Uint8Array) =>
          bytes.fill(byte, at, at + 1),
    ),
    fc.tuple(place, value, fc.constantFrom(2, 4, 8, 64)).map(
      ([at, byte, length]) =>
        (bytes: Uint8Array) =>
          bytes.fill(byte, at, at + length),
    ),
    fc.nat(size).map((length) => (bytes: Uint8Array) => bytes.slice(0, length)),
    fc.tuple(place, place, fc.nat(128)).map(
      ([from, to, length]) =>
        (bytes: Uint8Array) =>
          bytes.copyWithin(to, from, from + length),
    ),
  );
};

async function check(bytes: Uint8Array): Promise<void> {
  let result: Awaited<ReturnType<typeof outcome>> | undefined;
  const time = await processorTime(async () => {
    result = await outcome(bytes);
  });
  expect(time).toBeLessThan(mostMilliseconds);
  if (typeof result === "string") expect(result).toMatch(/^[^\n]{10,300}$/);
}

describe("mutations", () => {
  for (const [name, good] of Object.entries(fixtures)) {
    test(name, async () => {
      expect(await outcome(good)).toBeTypeOf("object");
      const changes = fc.array(mutation(good.length), { minLength: 1, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(changes, (list) => check(list.reduce<Uint8Array>((bytes, change) => change(bytes), good.slice()))),
        { numRuns: runs },
      );
    });
  }
});

describe("random bytes", () => {
  const starts: [string, number[]][] = [
    ["", []],
    ["\\x7fELF", [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]],
    ["MZqFpD='", [...new TextEncoder().encode("MZqFpD='\nprintf '\\177ELF")]],
    ["MZ", [0x4d, 0x5a]],
    ["Mach-O", [0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1]],
  ];
  for (const [name, start] of starts) {
    test(name === "" ? "of any kind" : `after ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 2048 }), (rest) => check(concat([Uint8Array.from(start), rest]))),
        { numRuns: runs },
      );
    });
  }
});

test("the fixtures hold the code they are said to hold", () => {
  expect([...fixtures["ELF64 with symbols"]!.subarray(0x1000, 0x1009)]).toEqual([...exitCode]);
});
