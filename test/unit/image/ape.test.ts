/** Actually Portable Executables: every view of a good one, and printf and dd lines that are not what they seem. */
import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { findApeHeaders } from "../../../src/image/ape.js";
import { ddOperands } from "../../../src/image/ape-script.js";
import { readImage } from "../../../src/image/detect.js";
import type { Image } from "../../../src/image/image.js";
import { loadRanges } from "../../../src/image/load.js";
import { apePlaces, buildApe, imageBase, octal } from "../../fixtures/images/ape-builder.js";
import { exitCode } from "../../fixtures/images/elf-builder.js";
import { outcome } from "../../fixtures/images/read.js";

const read = (bytes: Uint8Array): Promise<Image> => readImage(memorySource(bytes));

describe("views", () => {
  test("fat: one ELF view per machine, Windows, macOS and the archive", async () => {
    const bytes = buildApe({ machines: [62, 183], pe: true, macho: true, zip: [{ name: "a.txt", bytes: exitCode }] });
    const image = await read(bytes);
    expect(image).toMatchObject({ kind: "ape", description: "Actually Portable Executable, x86-64 and aarch64", notes: [] });
    expect(image.elf.map(({ machine, osabi }) => [machine, osabi])).toEqual([
      ["x86-64", 9],
      ["aarch64", 9],
    ]);
    expect(image.ape?.elfHeaders.map(({ machine, textLength }) => [machine, textLength])).toEqual([
      ["x86-64", 256],
      ["aarch64", 256],
    ]);
    expect((await loadRanges(memorySource(bytes), [image.elf[1]!.ranges[0]!]))[0]).toHaveLength(0x1000);
    expect(image.zip).toMatchObject({ entryCount: 1, firstLocalHeader: apePlaces.code + 0x2000 });
  });

  test("the text of a header stands where headerOffset says", async () => {
    const bytes = buildApe();
    const { ape, elf } = await read(bytes);
    const { textOffset, textLength } = ape!.elfHeaders[0]!;
    expect(elf[0]!.headerOffset).toBe(textOffset);
    expect(new TextDecoder().decode(bytes.subarray(textOffset - 8, textOffset))).toBe("printf '");
    expect(bytes[textOffset + textLength]).toBe("'".charCodeAt(0));
  });

  test("PE: headers and sections as Windows maps them", async () => {
    const { pe } = await read(buildApe({ pe: true }));
    expect(pe).toMatchObject({ machine: "x86-64", entry: imageBase + apePlaces.code });
    expect(pe?.ranges).toMatchObject([
      { fileOffset: 0, fileSize: 0x2000, address: imageBase },
      { fileOffset: apePlaces.code, fileSize: 0x1000, address: imageBase + apePlaces.code, executable: true, name: ".text" },
    ]);
  });

  test("Mach-O: the first bytes come from where dd takes them", async () => {
    const bytes = buildApe({ macho: true });
    const [macho] = (await read(bytes)).macho;
    const size = apePlaces.machoSize;
    expect(macho).toMatchObject({ machine: "x86-64", entry: imageBase + apePlaces.code });
    expect(macho?.ranges).toMatchObject([
      { fileOffset: apePlaces.macho, fileSize: size, address: imageBase, memorySize: size, name: "__TEXT", executable: true },
      { fileOffset: size, fileSize: bytes.length - size, address: imageBase + size, memorySize: 0x10000 - size },
    ]);
  });

  test("only the MZ magic is for Windows", async () => {
    for (const magic of ["jartsr", "APEDBG"] as const) {
      const image = await read(buildApe({ magic, pe: true }));
      expect(image).toMatchObject({ kind: "ape", pe: undefined, ape: { magic } });
      expect(image.elf).toHaveLength(1);
    }
  });
});

describe("the printf lines", () => {
  /** Writes printable bytes as they are and the rest as short as octal allows, as apelink does. */
  const short = (header: Uint8Array): string =>
    [...header]
      .map((byte, index) => {
        const next = header[index + 1];
        const digitFollows = next !== undefined && next >= 0x30 && next <= 0x39;
        const isPlain = byte > 32 && byte < 127 && byte !== 0x27 && byte !== 0x5c && byte !== 0x25;
        return isPlain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(digitFollows ? 3 : 1, "0")}`;
      })
      .join("");

  test("plain characters and octal escapes of one to three digits", async () => {
    const [image, reference] = await Promise.all([read(buildApe({ escape: short })), read(buildApe())]);
    expect(image.elf[0]!.header).toEqual(reference.elf[0]!.header);
  });

  test("octal above 255 wraps, as a byte does", async () => {
    const wide = (header: Uint8Array): string => octal(header).replace("\\001", "\\401");
    expect((await read(buildApe({ escape: wide }))).elf).toHaveLength(1);
  });

  const passedOver: [string, (header: Uint8Array) => string, string][] = [
    ["63 bytes", (header) => octal(header.subarray(0, 63)), "makes an ELF header of 63 bytes, not 64"],
    ["65 bytes", (header) => `${octal(header)}\\000`, "makes an ELF header of more than 64 bytes"],
    ["\\n is two bytes and not a line end", (header) => octal(header).replace("\\001", "\\n"), "more than 64 bytes"],
    [
      "a 32-bit header",
      (header) => octal(header).replace("ELF\\002", "").replace("\\106\\002", "\\106\\001"),
      "32-bit ELF header",
    ],
    ["another magic", (header) => octal(header).replace("\\177", "\\176"), "no printf in the first 8192 bytes"],
  ];
  for (const [name, write, words] of passedOver) {
    test(`passed over: ${name}`, async () => {
      const image = await read(buildApe({ escape: write, pe: true }));
      expect(image.elf).toEqual([]);
      expect(image.notes.join("\n")).toContain(words);
    });
  }

  test("a backslash in front of the closing quote is a byte, as it is for assimilate", async () => {
    const image = await read(buildApe({ escape: (header) => `${octal(header.subarray(0, 63))}\\` }));
    expect(image.elf[0]?.header[63]).toBe(0x5c);
  });

  test("without any system's part left it is one sentence", async () => {
    const result = await outcome(buildApe({ escape: (header) => octal(header.subarray(0, 63)) }));
    expect(result).toMatch(
      /^\(memory\) starts as an Actually Portable Executable, but no system can load it: the printf at offset \d+ makes/,
    );
  });

  test("printf of something else, even right before, is no header", async () => {
    const script = ["printf 'hello\\n'", "printf '%s' x", "printf '\\177ELF'", "printf ''", "printf printf "];
    const image = await read(buildApe({ script }));
    expect(image.elf).toHaveLength(1);
    expect(image.notes).toHaveLength(1);
    expect(image.notes[0]).toContain("makes an ELF header of 4 bytes");
  });

  test("a header past the first 8192 bytes does not count", async () => {
    const result = await outcome(buildApe({ script: [`# ${"x".repeat(8200)}`], macho: false }));
    expect(result).toContain("no printf in the first 8192 bytes makes an ELF header");
  });

  test("a decoy whose program headers are nonsense is passed over, the next one is taken", async () => {
    const decoy = (await read(buildApe())).elf[0]!.header.slice();
    decoy.fill(0xff, 32, 40);
    const image = await read(buildApe({ script: [`printf '${octal(decoy)}' >/dev/null`] }));
    expect(image.elf).toHaveLength(1);
    expect(image.ape?.elfHeaders).toHaveLength(2);
    expect(image.notes.join()).toContain("is passed over: the program headers (1 at a number above 2^53) lie past the end");
  });

  test("of two headers for one machine the first counts", async () => {
    const image = await read(buildApe({ machines: [62, 62] }));
    expect(image.elf.map(({ programHeaderOffset }) => programHeaderOffset)).toEqual([apePlaces.segments]);
    expect(image.notes.join()).toContain("a second ELF header for x86-64");
  });

  test("cut off anywhere within the text, nothing but the whole is a header", () => {
    const start = new TextEncoder().encode(`MZqFpD='\nprintf '${octal(new Uint8Array(64).fill(0x7f))}'`);
    for (let length = 0; length < start.length; length++) {
      expect(findApeHeaders(start.subarray(0, length), "MZqFpD", []).elfHeaders).toEqual([]);
    }
  });
});

describe("the dd line", () => {
  const skip = apePlaces.macho;
  const count = apePlaces.machoSize;
  const forms = [
    `bs=8 skip="     ${skip / 8}" count="      ${count / 8}"`,
    `bs=8 skip=$((     ${skip / 8})) count=$((      ${count / 8}))`,
    `bs=8 skip=${skip / 8}      count=${count / 8}       `,
    `bs=1 skip=${skip}       count=${count}        `,
    `count='${count / 16}' skip='${skip / 16}' bs='16'`,
  ];
  for (const form of forms) {
    test(form.replace(/ +/g, " "), async () => expect((await read(buildApe({ macho: form }))).macho).toHaveLength(1));
  }

  const decoys: [string, string][] = [
    ["leads past the end", "bs=8 skip=99999999 count=36"],
    ["leads to no Mach-O", "bs=8 skip=64 count=36"],
    ["has no number", "bs=8 skip=x count=36"],
    ["has numbers above 2^53", "bs=99999999999999999999 skip=99999999999999999999 count=1"],
    ["copies too little", `bs=1 skip=${skip} count=31`],
  ];
  for (const [name, form] of decoys) {
    test(`a line that ${name} is no view`, async () => {
      const image = await read(buildApe({ macho: form }));
      expect(image.macho).toEqual([]);
      expect(image.elf).toHaveLength(1);
    });
  }

  test("a path before dd, and operands end at the first word that is none", async () => {
    expect([...ddOperands(`if="$o" of='$o' bs=8 2>/dev/null skip=9`)]).toEqual([
      ["if", "$o"],
      ["of", "$o"],
      ["bs", "8"],
    ]);
    const line = `/bin/dd if="$o" of="$o" bs=8 skip=${skip / 8} count=${count / 8} conv=notrunc 2>/dev/null ||exit`;
    const bytes = buildApe({ script: [line], macho: "bs=1 skip=0 count=0" });
    expect((await read(bytes)).macho).toHaveLength(1);
  });
});

describe("damage in the other systems' views is a note, and the Linux view stays", () => {
  const bytes = buildApe({ pe: true, macho: true });
  const damaged = (offset: number, value: number, length = 1): Uint8Array => {
    const copy = bytes.slice();
    copy.fill(value, offset, offset + length);
    return copy;
  };
  const cases: [string, Uint8Array, string][] = [
    [
      "PE: 65535 sections",
      damaged(apePlaces.pe + 6, 0xff, 2),
      "the PE view is left aside: the PE header announces 65535 sections",
    ],
    ["PE: unknown magic", damaged(apePlaces.pe + 24, 0xee, 2), "the PE optional header has the unknown magic"],
    ["PE: section table past the end", damaged(apePlaces.pe + 20, 0xff, 2), "the PE view is left aside"],
    ["Mach-O: 2^32 bytes of commands", damaged(apePlaces.macho + 20, 0xff, 4), "the Mach-O view is left aside"],
    ["Mach-O: 2^32 commands", damaged(apePlaces.macho + 16, 0xff, 4), "the Mach-O view is left aside"],
    ["Mach-O: a command of size 0", damaged(apePlaces.macho + 36, 0, 4), "Mach-O load command 0 has the size 0"],
    [
      "Mach-O: more in the file than in memory",
      damaged(apePlaces.macho + 32 + 32, 0, 8),
      "more bytes in the file than in memory",
    ],
  ];
  for (const [name, copy, words] of cases) {
    test(name, async () => {
      const image = await read(copy);
      expect(image.elf).toHaveLength(1);
      expect(image.notes.join("\n")).toContain(words);
    });
  }

  test("e_lfanew past the end: no Windows view, no note needed", async () => {
    const image = await read(damaged(0x3c, 0xff, 4));
    expect(image).toMatchObject({ pe: undefined, notes: [] });
  });
});
