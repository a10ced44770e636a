/** What a file is that is no program, and how bytes are read on the way. */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { cachedSource } from "../../../src/bytes/cached.js";
import { Reader } from "../../../src/bytes/reader.js";
import { type ByteSource, blobSource, memorySource } from "../../../src/bytes/source.js";
import { InputError } from "../../../src/errors.js";
import { readImage } from "../../../src/image/detect.js";
import { buildApe, machoHeader, peHeader } from "../../fixtures/images/ape-builder.js";
import { buildElf, exitCode } from "../../fixtures/images/elf-builder.js";
import { put } from "../../fixtures/images/elf-fields.js";
import { buildZip, concat } from "../../fixtures/images/zip-builder.js";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const tar = new Uint8Array(512);
tar.set(ascii("ustar"), 257);
const pe = concat([ascii("MZ"), new Uint8Array(62), peHeader()]);
put(pe, { offset: 0x3c, size: 4 }, 64);

describe("kinds", () => {
  const cases: [string, Uint8Array, string][] = [
    ["empty", new Uint8Array(0), "empty file"],
    ["script", ascii("#!/bin/sh\necho hello\n"), "script, #!/bin/sh"],
    ["text", ascii("hello, wörld\n"), "text"],
    ["other", Uint8Array.of(0, 1, 2, 3), "data"],
    ["other", Uint8Array.of(0x41, 0xff, 0xfe), "data"],
    ["archive", Uint8Array.from(gzipSync("x")), "gzip archive"],
    ["archive", buildZip({ members: [{ name: "a", bytes: exitCode }] }).bytes, "zip archive"],
    ["archive", tar, "tar archive"],
    ["archive", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), "xz archive"],
    ["archive", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), "zstd archive"],
    ["archive", ascii("BZh91AY"), "bzip2 archive"],
    ["archive", ascii("!<arch>\n"), "ar archive"],
    ["other", ascii("MZ"), "DOS program"],
    ["other", Uint8Array.of(0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0x34), "Java class"],
    ["macho", Uint8Array.of(0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2), "Mach-O with 2 architectures"],
    ["macho", machoHeader(4096), "Mach-O program or library, 64-bit"],
    ["pe", pe, "Windows program or library, x86-64"],
    ["elf", buildElf(), "ELF program, 64-bit x86-64"],
    ["elf", buildElf({ class: 32, machine: 8, littleEndian: false, type: 1 }), "ELF object file, 32-bit MIPS, big-endian"],
    ["elf", buildElf({ machine: 1234 }), "ELF program, 64-bit machine 1234"],
    ["ape", buildApe(), "Actually Portable Executable, x86-64"],
    ["ape", buildApe({ pe: true, escape: () => "" }), "Actually Portable Executable without a Linux part"],
  ];
  for (const [kind, bytes, description] of cases) {
    test(`${kind}: ${description}`, async () =>
      expect(await readImage(memorySource(bytes))).toMatchObject({ kind, description }));
  }

  test("an assimilated APE is an ELF with an archive at its end", async () => {
    const bytes = buildApe({ pe: true, macho: true, zip: [{ name: "a", bytes: exitCode }] });
    const { elf } = await readImage(memorySource(bytes));
    bytes.set(elf[0]!.header, 0);
    const image = await readImage(memorySource(bytes));
    expect(image).toMatchObject({ kind: "elf", pe: undefined, macho: [], ape: undefined, zip: { entryCount: 1 } });
    expect(image.elf[0]!.ranges).toEqual(elf[0]!.ranges);
  });

  test("a browser's Blob serves as well", async () => {
    const image = await readImage(blobSource(new Blob([new Uint8Array(buildApe())]), "dropped"));
    expect(image).toMatchObject({ kind: "ape", name: "dropped" });
  });
});

describe("reading", () => {
  /** Counts what is asked of it. */
  function counting(bytes: Uint8Array): ByteSource & { reads: number } {
    const source = {
      ...memorySource(bytes),
      reads: 0,
      read(offset: number, length: number) {
        source.reads++;
        return memorySource(bytes).read(offset, length);
      },
    };
    return source;
  }

  test("of a program of 1 MB with an archive a few blocks are read", async () => {
    const zip = Array.from({ length: 100 }, (_, index) => ({ name: `file${index}`, bytes: new Uint8Array(10_000) }));
    const source = counting(buildApe({ machines: [62, 183], pe: true, macho: true, zip }));
    await readImage(source);
    expect(source.size).toBeGreaterThan(1_000_000);
    expect(source.reads).toBeLessThanOrEqual(4);
  });

  test("the cache gives the same bytes as the source, across blocks and past the end", async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index * 7);
    const source = cachedSource(memorySource(bytes));
    const places = [
      [0, 10],
      [65530, 20],
      [60000, 200_000],
      [1, 299_999],
      [299_990, 100],
      [300_000, 1],
      [2 ** 52, 8],
    ] as const;
    for (const [offset, length] of places) {
      expect(Buffer.compare(await source.read(offset, length), bytes.slice(offset, offset + length))).toBe(0);
    }
    expect(cachedSource(source)).toBe(source);
  });

  test("a failed read is not remembered", async () => {
    let fails = true;
    const source = cachedSource({
      name: "flaky",
      size: 10,
      read: () => (fails ? Promise.reject(new InputError("cannot read")) : Promise.resolve(new Uint8Array(10))),
    });
    await expect(source.read(0, 1)).rejects.toThrow("cannot read");
    fails = false;
    expect(await source.read(0, 1)).toHaveLength(1);
  });

  test("numbers in both byte orders, and none past the window", () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    const little = new Reader(bytes, "the bytes", 0x100);
    const big = new Reader(bytes, "the bytes", 0x100, false);
    expect([little.u8(0), little.u16(0), little.u32(0), big.u16(0), big.u32(0)]).toEqual([1, 0x201, 0x4030201, 0x102, 0x1020304]);
    const small = Uint8Array.of(0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    expect(new Reader(small, "x", 0, false).u64(0)).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => big.u64(0, "p_offset")).toThrow("0x102030405060708");
    expect([little.i32(8), little.i64(8), little.clamped64(8)]).toEqual([-1, -1, Number.POSITIVE_INFINITY]);
    expect(() => little.u64(8, "e_phoff")).toThrow("the bytes: e_phoff is 0xffffffffffffffff, which no file can hold");
    expect(() => little.u32(13)).toThrow("the bytes: 4 bytes at 0x10d lie outside of it");
    for (const at of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) expect(() => little.u8(at)).toThrow(InputError);
    expect(new Reader(ascii("abc\0d"), "x").string(1)).toBe("bc");
    expect(new Reader(ascii("abc"), "x").string(0), "without its NUL").toBeUndefined();
  });
});
