/** Names for addresses: from sections, from the dynamic section alone, and from the zip archive of an APE. */
import { describe, expect, test } from "vitest";
import type { ByteSource } from "../../../src/bytes/source.js";
import type { CodeSymbol, ElfView, ZipTail } from "../../../src/image/image.js";
import * as reading from "../../../src/image/symbols.js";
import { buildApe, imageBase } from "../../fixtures/images/ape-builder.js";
import { dynamicProgram, gnuHash, hash, names, open, symbols } from "../../fixtures/images/dynamic-builder.js";
import { buildElf, stringTable, symbolTable } from "../../fixtures/images/elf-builder.js";
import { put } from "../../fixtures/images/elf-fields.js";
import { concat, record } from "../../fixtures/images/zip-builder.js";

/** Symbols with their names, some of which are only read when asked for. */
async function readSymbols(source: ByteSource, view: ElfView, zip: ZipTail | undefined): Promise<CodeSymbol[]> {
  const symbols = await reading.readSymbols(source, view, zip);
  return symbols.map(({ name, address, size, isFunction, from }) => ({ name, address, size, isFunction, from }));
}

describe("symbols", () => {
  for (const elfClass of [32, 64] as const) {
    for (const littleEndian of [true, false]) {
      test(`.symtab, ${elfClass}-bit ${littleEndian ? "little" : "big"}-endian`, async () => {
        const { source, view } = await open(
          buildElf({
            class: elfClass,
            littleEndian,
            symbols: [
              { name: "_start", address: 0x400000, size: 9 },
              { name: "table", address: 0x400100, size: 4, type: 1 },
              { name: "imported", address: 0, section: 0 },
              { name: "$x", address: 0x400000, type: 0 },
              { name: "file.c", address: 0, type: 4 },
              { name: "constant", address: 0x1001, type: 0, section: 0xfff1 },
            ],
          }),
        );
        expect(await readSymbols(source, view, undefined)).toEqual([
          { name: "_start", address: 0x400000, size: 9, isFunction: true, from: "symtab" },
          { name: "table", address: 0x400100, size: 4, isFunction: false, from: "symtab" },
        ]);
      });
    }
  }

  test(".symtab of an object file has no addresses to name", async () => {
    const { source, view } = await open(buildElf({ type: 1, symbols: [{ name: "f", address: 0 }] }));
    expect(await readSymbols(source, view, undefined)).toEqual([]);
  });

  const own = { name: "own", address: 0x1100, size: 16, isFunction: true, from: "dynsym" };
  for (const [how, table] of [
    ["DT_HASH", [4, hash]],
    ["DT_GNU_HASH", [0x6ffffef5, gnuHash]],
  ] as [string, [number, Uint8Array]][]) {
    test(`dynamic symbols without section headers, counted by ${how}`, async () => {
      const { source, view } = await open(dynamicProgram([[6, symbols], table, [5, names.bytes, 10]]));
      expect(view.sections).toEqual([]);
      expect(await readSymbols(source, view, undefined)).toEqual([own]);
    });
  }

  test("dynamic symbols without a hash table end where the strings begin", async () => {
    const { source, view } = await open(
      dynamicProgram([
        [6, symbols],
        [5, names.bytes, 10],
      ]),
    );
    expect(await readSymbols(source, view, undefined)).toEqual([own]);
  });

  test("a name with two versions at one address is given once", async () => {
    const twice = { name: "own", address: 0x1100, size: 16 };
    const table = symbolTable([twice, twice, { ...twice, name: "malloc" }, { ...twice, name: "malloc" }], names.offsets);
    const { source, view } = await open(
      dynamicProgram([
        [6, table],
        [5, names.bytes, 10],
      ]),
    );
    expect(await readSymbols(source, view, undefined)).toEqual([own, { ...own, name: "malloc" }]);
  });

  test("a GNU hash table of nonsense gives no endless loop", async () => {
    const nonsense = record("4444", [0xffffffff, 0xffffffff, 0xffffffff, 0]);
    const { source, view } = await open(
      dynamicProgram([
        [6, symbols],
        [0x6ffffef5, nonsense],
        [5, names.bytes, 10],
      ]),
    );
    expect((await readSymbols(source, view, undefined)).length).toBeLessThan(10);
  });

  test("long names that overlap thousandfold are decoded up to a budget", async () => {
    const strings = new Uint8Array(4001).fill(0x61, 0, 4000);
    const count = 50_000;
    const overlapping = symbolTable(
      Array.from({ length: count }, () => ({ name: "", address: 0x400000 })),
      new Map(),
    );
    for (let index = 1; index <= count; index++) put(overlapping, { offset: index * 24, size: 4 }, index % 3000);
    const sections = [
      { name: ".symtab", type: 2, bytes: overlapping, link: 2 },
      { name: ".strtab", type: 3, bytes: strings },
    ];
    const { source, view } = await open(buildElf({ sections }));
    const found = await readSymbols(source, view, undefined);
    expect(found.length).toBeGreaterThan(100);
    expect(found.length).toBeLessThan(1000);
  });
});

describe("symbols in the zip archive of an APE", () => {
  /** `struct SymbolTable` as tool/build/symtab.c writes it, one page long. */
  function cosmoTable(entries: [name: string, start: number, last: number][]): Uint8Array {
    const strings = stringTable(entries.map(([name]) => name));
    const namesOffset = 72 + 8 * entries.length;
    const nameBase = namesOffset + 4 * entries.length;
    const parts = [
      record("44888888844", [
        0x544d5953,
        1,
        entries.length,
        4096,
        4096,
        imageBase,
        imageBase + 0xfff,
        0,
        0,
        namesOffset,
        nameBase,
      ]),
      ...entries.map(([, start, last]) => record("44", [start, last])),
      ...entries.map(([name]) => record("4", [strings.offsets.get(name)!])),
      strings.bytes,
    ];
    const bytes = concat(parts);
    return concat([bytes, new Uint8Array(4096 - bytes.length)]);
  }
  const table = cosmoTable([
    ["_start", 0, 8],
    ["main", 0x10, 0x1f],
  ]);
  const expected = [
    { name: "_start", address: imageBase, size: 9, isFunction: true, from: "zip" },
    { name: "main", address: imageBase + 0x10, size: 16, isFunction: true, from: "zip" },
  ];

  for (const deflate of [false, true]) {
    test(deflate ? "deflated" : "stored", async () => {
      const { source, view, zip } = await open(buildApe({ zip: [{ name: ".symtab.amd64", bytes: table, deflate }] }));
      expect(await readSymbols(source, view, zip)).toEqual(expected);
    });
  }

  test("what was read last is given for the same bytes alone, and where they are loaded alike", async () => {
    const { source, view, zip } = await open(buildApe({ zip: [{ name: ".symtab.amd64", bytes: table }] }));
    expect(await readSymbols(source, view, zip)).toEqual(expected);
    const bytes = await source.read(0, source.size);
    const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf("main\0");
    bytes[name] = "r".charCodeAt(0);
    expect(await readSymbols(source, view, zip)).toEqual([expected[0], { ...expected[1], name: "rain" }]);
    const asData = view.ranges.map((range) => ({ ...range, executable: false }));
    const found = await readSymbols(source, { ...view, ranges: asData }, zip);
    expect(found.map(({ isFunction }) => isFunction)).toEqual([false, false]);
  });

  test(".symtab of older builds, and not that of another machine", async () => {
    const old = await open(buildApe({ zip: [{ name: ".symtab", bytes: table }] }));
    expect(await readSymbols(old.source, old.view, old.zip)).toEqual(expected);
    const other = await open(buildApe({ zip: [{ name: ".symtab.arm64", bytes: table }] }));
    expect(await readSymbols(other.source, other.view, other.zip)).toEqual([]);
  });

  const damaged: [string, number, 4 | 8, bigint][] = [
    ["magic", 0, 4, 0n],
    ["abi", 4, 4, 2n],
    ["count 2^63", 8, 8, 2n ** 63n],
    ["count 2^32", 8, 8, 2n ** 32n],
    ["names past the end", 64, 4, 0xffffffffn],
    ["name base past the end", 68, 4, 0xffffffffn],
  ];
  for (const [name, offset, size, value] of damaged) {
    test(`damaged: ${name}`, async () => {
      const bytes = table.slice();
      put(bytes, { offset, size }, value);
      const { source, view, zip } = await open(buildApe({ zip: [{ name: ".symtab.amd64", bytes }] }));
      expect(await readSymbols(source, view, zip)).toEqual([]);
    });
  }
});
