/** What the dynamic linker writes: slots of imported functions, and pointers to a program's own code. */
import { describe, expect, test } from "vitest";
import { readImports, readRelativeRelocations } from "../../../src/image/relocations.js";
import { base, dynamicProgram, hash, names, open, symbols } from "../../fixtures/images/dynamic-builder.js";
import { buildElf } from "../../fixtures/images/elf-builder.js";
import { concat, record } from "../../fixtures/images/zip-builder.js";

describe("relocations", () => {
  const rela = (at: number, type: number, symbol: number, addend: number): Uint8Array =>
    record("8448", [at, type, symbol, addend]);
  const tables: [number, Uint8Array, number?][] = [
    [6, symbols],
    [4, hash],
    [5, names.bytes, 10],
  ];

  test("imported functions and their slots", async () => {
    const relocations = concat([rela(0x2000, 6, 2, 0), rela(0x2008, 6, 3, 0), rela(0x2010, 1, 2, 0), rela(0x2020, 6, 1, 0)]);
    const plt = concat([rela(0x2018, 7, 4, 0), rela(0x2028, 7, 999, 0)]);
    const { source, view } = await open(dynamicProgram([...tables, [7, relocations, 8], [23, plt, 2]], [[20, 7]]));
    expect(await readImports(source, view)).toEqual([
      { name: "malloc", slots: [0x2000, 0x2010] },
      { name: "weak_function", slots: [0x2018] },
    ]);
  });

  test("pointers to its own code: relative, IRELATIVE, and symbols it defines", async () => {
    const relocations = concat([
      rela(0x2000, 8, 0, 0x1100),
      rela(0x2008, 37, 0, 0x1200),
      rela(0x2010, 6, 1, 4),
      rela(0x2018, 6, 2, 0),
    ]);
    const { source, view } = await open(dynamicProgram([...tables, [7, relocations, 8]]));
    expect(await readRelativeRelocations(source, view)).toEqual([
      { at: 0x2000, target: 0x1100 },
      { at: 0x2008, target: 0x1200 },
      { at: 0x2010, target: 0x1104 },
    ]);
  });

  test("DT_RELR: an address, then a bitmap of the words behind it", async () => {
    const pointers = record("88888", [0x1111, 0x2222, 0x3333, 0x4444, 0x5555]);
    // The pointers stand at `base`; bits 1 and 3 of the bitmap are the first and third word behind the first.
    const { source, view } = await open(
      dynamicProgram([
        [0x7000_0001, pointers],
        [36, record("88", [base, 0b1011]), 35],
      ]),
    );
    expect(await readRelativeRelocations(source, view)).toEqual([
      { at: base, target: 0x1111 },
      { at: base + 8, target: 0x2222 },
      { at: base + 24, target: 0x4444 },
    ]);
  });

  test("tables that lie nowhere, and slots outside of memory, are nothing", async () => {
    const outside = await open(
      dynamicProgram(
        [...tables, [36, record("88", [0x7000_0000, 0xffff]), 35]],
        [
          [7, 0x9000_0000],
          [8, 2 ** 40],
        ],
      ),
    );
    expect(await readRelativeRelocations(outside.source, outside.view)).toEqual([]);
    expect(await readImports(outside.source, outside.view)).toEqual([]);
  });

  test("a static program's own IRELATIVE relocations are found through its sections", async () => {
    const bytes = buildElf({
      sections: [{ name: ".rela.plt", type: 4, flags: 2, bytes: rela(0x600000, 37, 0, 0x400001), entrySize: 24 }],
    });
    const { source, view } = await open(bytes);
    expect(await readRelativeRelocations(source, view)).toEqual([{ at: 0x600000, target: 0x400001 }]);
  });
});
