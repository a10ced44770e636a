/** ELF files as they should be: both classes, both byte orders, every part that a view names. */
import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { addressOfOffset, offsetOfAddress, rangeAt, readAtAddress } from "../../../src/image/address.js";
import { readImage } from "../../../src/image/detect.js";
import { readElf } from "../../../src/image/elf.js";
import { readElfNotes } from "../../../src/image/elf-notes.js";
import type { ElfView } from "../../../src/image/image.js";
import { loadRanges } from "../../../src/image/load.js";
import { buildElf, exitCode, stringTable } from "../../fixtures/images/elf-builder.js";
import { put, recordSizes, sectionFields } from "../../fixtures/images/elf-fields.js";
import { concat, record } from "../../fixtures/images/zip-builder.js";

async function viewOf(bytes: Uint8Array): Promise<ElfView> {
  return (await readImage(memorySource(bytes))).elf[0]!;
}

describe("header and program headers", () => {
  for (const elfClass of [32, 64] as const) {
    for (const littleEndian of [true, false]) {
      test(`${elfClass}-bit, ${littleEndian ? "little" : "big"}-endian`, async () => {
        const machine = elfClass === 64 ? (littleEndian ? 62 : 22) : littleEndian ? 3 : 20;
        const view = await viewOf(
          buildElf({
            class: elfClass,
            littleEndian,
            machine,
            entry: 0x400002,
            flags: 0x1234,
            segments: [
              { address: 0x400000, bytes: exitCode, memorySize: 0x20 },
              { address: 0x600000, flags: 6, memorySize: 0x1000 },
            ],
          }),
        );
        expect(view).toMatchObject({
          class: elfClass,
          littleEndian,
          machineCode: machine,
          machine: { 62: "x86-64", 22: "s390", 3: "i386", 20: "powerpc" }[machine],
          type: 2,
          entry: 0x400002,
          flags: 0x1234,
          interpreter: undefined,
          isStatic: true,
          isPositionIndependent: false,
          notes: [],
        });
        expect(view.programHeaders).toHaveLength(2);
        expect(view.ranges).toMatchObject([
          { address: 0x400000, fileSize: exitCode.length, memorySize: 0x20, executable: true, writable: false },
          { address: 0x600000, fileSize: 0, memorySize: 0x1000, executable: false, writable: true },
        ]);
      });
    }
  }

  test("a range's bytes are read, and addresses map to offsets and back", async () => {
    const bytes = buildElf();
    const source = memorySource(bytes);
    const view = await viewOf(bytes);
    expect((await loadRanges(source, [view.ranges[0]!]))[0]).toEqual(exitCode);
    expect(offsetOfAddress(view, 0x400002)).toBe(0x1002);
    expect(addressOfOffset(view, 0x1002)).toBe(0x400002);
    expect(rangeAt(view, 0x400fff)).toBe(view.ranges[0]);
    expect(offsetOfAddress(view, 0x400fff), "zero-filled memory has no file offset").toBeUndefined();
    expect(await readAtAddress(source, view, 0x400007, 100)).toEqual(exitCode.subarray(7));
    expect(await readAtAddress(source, view, 0x1000, 100)).toHaveLength(0);
  });

  test("a range above 1 GiB is refused with a sentence", async () => {
    const range = { ...(await viewOf(buildElf())).ranges[0]!, fileSize: 2 ** 31 };
    await expect(loadRanges(memorySource(new Uint8Array(0), "big"), [range])).rejects.toThrow(
      "big loads 2147483648 bytes at once",
    );
  });

  test("object files and core dumps have no ranges", async () => {
    for (const type of [1, 4]) expect((await viewOf(buildElf({ type }))).ranges).toEqual([]);
  });

  test("a header that stands elsewhere leads to program headers counted from the start of the file", async () => {
    const bytes = buildElf();
    const view = await readElf(memorySource(bytes), bytes.subarray(0, 64), 777);
    expect(view.headerOffset).toBe(777);
    expect(view.ranges).toHaveLength(1);
  });
});

describe("interpreter and dynamic section", () => {
  const strings = stringTable(["libc.so.6", "libm.so.6", "libself.so"]);
  const interpreter = new TextEncoder().encode("/lib64/ld.so\0");
  const base = 0x1000;
  const dynamic = (entries: [number, number][]): Uint8Array => concat(entries.map((entry) => record("88", entry)));
  const build = (entries: [number, number][]): Uint8Array =>
    buildElf({
      type: 3,
      segments: [
        {
          address: base,
          offset: base,
          bytes: concat([strings.bytes, new Uint8Array(0x100 - strings.bytes.length), dynamic(entries)]),
        },
        { type: 3, bytes: interpreter },
        { type: 2, offset: base + 0x100, fileSize: entries.length * 16, address: base + 0x100 },
      ],
    });

  test("names, start-up functions and tables", async () => {
    const view = await viewOf(
      build([
        [1, strings.offsets.get("libc.so.6")!],
        [1, strings.offsets.get("libm.so.6")!],
        [14, strings.offsets.get("libself.so")!],
        [5, base],
        [10, strings.bytes.length],
        [12, 0x1234],
        [25, 0x2000],
        [27, 16],
        [0, 0],
      ]),
    );
    expect(view).toMatchObject({
      interpreter: "/lib64/ld.so",
      needed: ["libc.so.6", "libm.so.6"],
      soname: "libself.so",
      isStatic: false,
      isPositionIndependent: true,
    });
    expect(view.dynamic).toMatchObject({ init: 0x1234, fini: undefined, initArray: { address: 0x2000, size: 16 } });
  });

  test("without a terminator it ends with its segment, and a note says so", async () => {
    const view = await viewOf(
      build([
        [5, base],
        [10, strings.bytes.length],
        [1, 1],
      ]),
    );
    expect(view.needed).toEqual(["libc.so.6"]);
    expect(view.notes).toContain("the dynamic section does not end with DT_NULL");
  });

  test("names outside the string table are left out with a note", async () => {
    const view = await viewOf(
      build([
        [1, 0xffff],
        [5, base],
        [10, strings.bytes.length],
        [0, 0],
      ]),
    );
    expect(view.needed).toEqual([]);
    expect(view.notes.join()).toContain("1 DT_NEEDED names lie outside the string table");
  });
});

describe("sections", () => {
  test("names, links and sizes", async () => {
    const view = await viewOf(
      buildElf({ sections: [{ name: ".text", type: 1, flags: 6, address: 0x400000, offset: 0x1000, size: 9 }] }),
    );
    expect(view.sections.map(({ name }) => name)).toEqual(["", ".text", ".shstrtab"]);
    expect(view.sections[1]).toMatchObject({ type: 1, flags: 6, address: 0x400000, offset: 0x1000, size: 9 });
  });

  test("more than 0xfeff: the count and the name table's index stand in section 0", async () => {
    const bytes = buildElf({ sections: [{ name: ".text", type: 1 }] });
    const start = Number(new DataView(bytes.buffer).getBigUint64(40, true));
    const zero = sectionFields(64, start);
    put(bytes, { offset: 60, size: 2 }, 0);
    put(bytes, { offset: 62, size: 2 }, 0xffff);
    put(bytes, zero["sh_size"]!, 3);
    put(bytes, zero["sh_link"]!, 2);
    expect((await viewOf(bytes)).sections.map(({ name }) => name)).toEqual(["", ".text", ".shstrtab"]);
  });

  test("a core dump with PN_XNUM has its count of program headers in section 0", async () => {
    const bytes = buildElf({ type: 4, sections: [] });
    const start = Number(new DataView(bytes.buffer).getBigUint64(40, true));
    put(bytes, { offset: 56, size: 2 }, 0xffff);
    put(bytes, sectionFields(64, start)["sh_info"]!, 1);
    expect((await viewOf(bytes)).programHeaders).toHaveLength(1);
    expect(recordSizes(64).segment).toBe(56);
  });
});

test("notes name their owners", async () => {
  const note = concat([record("444", [4, 4, 3]), new TextEncoder().encode("GNU\0"), Uint8Array.of(1, 2, 3, 4)]);
  const bytes = buildElf({
    segments: [
      { address: 0x400000, bytes: exitCode },
      { type: 4, bytes: note, align: 4 },
    ],
  });
  const view = await viewOf(bytes);
  const found = await readElfNotes(memorySource(bytes), view);
  // The descriptor stands behind the record of three words and the name of four bytes.
  const fileOffset = view.programHeaders[1].offset + 16;
  expect(found).toEqual([{ owner: "GNU", type: 3, descriptor: Uint8Array.of(1, 2, 3, 4), fileOffset }]);
});
