/** Damaged ELF files, one field at a time: each gives one clear sentence or a tolerated note, and nothing else. */
import { describe, expect, test } from "vitest";
import { buildElf, exitCode } from "../../fixtures/images/elf-builder.js";
import { headerFields, recordSizes, sectionFields, segmentFields, withField } from "../../fixtures/images/elf-fields.js";
import { allNotes, outcome } from "../../fixtures/images/read.js";

const header = headerFields(64);
const segment = segmentFields(64, recordSizes(64).header);
const good = buildElf({
  segments: [
    { address: 0x400000, offset: 0x1000, bytes: exitCode, memorySize: 0x1000 },
    { type: 3, bytes: new TextEncoder().encode("/lib/ld.so\0") },
  ],
  symbols: [{ name: "_start", address: 0x400000, size: 9 }],
});
const sectionsAt = Number(new DataView(good.buffer).getBigUint64(40, true));
const interpreter = segmentFields(64, recordSizes(64).header + recordSizes(64).segment);
const all64 = 2n ** 64n - 1n;

/** The one sentence of the error. */
async function sentence(bytes: Uint8Array): Promise<string> {
  const result = await outcome(bytes);
  expect(result, "an InputError is expected").toBeTypeOf("string");
  expect(result).not.toContain("\n");
  return result as string;
}

async function notes(bytes: Uint8Array): Promise<string> {
  const result = await outcome(bytes);
  if (typeof result === "string") throw new Error(`tolerated damage is expected, not: ${result}`);
  return allNotes(result);
}

describe("refused with one sentence, as Linux refuses it", () => {
  const cases: [string, Uint8Array, string][] = [
    ["nothing but the magic", good.slice(0, 4), "cut off within its first bytes"],
    ["a header of 58 bytes", good.slice(0, 58), "ends inside its ELF header (58 of 64 bytes)"],
    ["e_type 0", withField(good, header["e_type"]!, 0), "e_type is 0, which is neither a program"],
    ["e_type 77", withField(good, header["e_type"]!, 77), "e_type is 77"],
    ["e_phentsize 55", withField(good, header["e_phentsize"]!, 55), "e_phentsize is 55 where ELF64 has 56"],
    ["e_phnum 0", withField(good, header["e_phnum"]!, 0), "announces no program headers"],
    ["e_phnum 65535 (PN_XNUM)", withField(good, header["e_phnum"]!, 65535), "Linux refuses more than 65536 bytes"],
    ["e_phnum 1171", withField(good, header["e_phnum"]!, 1171), "announces 1171 program headers"],
    ["e_phnum 1000, past the end", withField(good, header["e_phnum"]!, 1000), "lie past the end of the file"],
    ["e_phoff past the end", withField(good, header["e_phoff"]!, good.length - 1), "lie past the end of the file"],
    ["e_phoff 2^64-1", withField(good, header["e_phoff"]!, all64), "a number above 2^53) lie past the end"],
    ["e_phoff 2^53", withField(good, header["e_phoff"]!, 2n ** 53n), "lie past the end of the file"],
    [
      "p_filesz > p_memsz",
      withField(good, segment["p_filesz"]!, 0x1001),
      "more bytes from the file (0x1001) than it has in memory (0x1000)",
    ],
    [
      "p_vaddr of a kernel",
      withField(good, segment["p_vaddr"]!, 0xffffffff81000000n),
      "past the end of x86-64 user space (0x800000000000)",
    ],
    ["p_vaddr 2^47", withField(good, segment["p_vaddr"]!, 2n ** 47n), "past the end of x86-64 user space"],
    ["p_memsz 2^64-1", withField(good, segment["p_memsz"]!, all64), "past the end of x86-64 user space"],
    ["p_offset misaligned", withField(good, segment["p_offset"]!, 0x1008), "which differ within a page, so it cannot be mapped"],
    ["p_offset 2^64-1", withField(good, segment["p_offset"]!, all64), "cannot be mapped"],
    ["PT_INTERP of one byte", withField(good, interpreter["p_filesz"]!, 1), "PT_INTERP"],
    ["PT_INTERP without NUL", withField(good, interpreter["p_filesz"]!, 5), "does not end with a zero byte"],
    ["PT_INTERP past the end", withField(good, interpreter["p_offset"]!, good.length), "does not lie within the file"],
    ["PT_INTERP at 2^64-1", withField(good, interpreter["p_offset"]!, all64), "does not lie within the file"],
    [
      "EI_CLASS 9 on a machine not known",
      withField(withField(good, header["e_machine"]!, 2), { offset: 4, size: 2 }, 9),
      "EI_CLASS is 9",
    ],
  ];
  for (const [name, bytes, words] of cases) test(name, async () => expect(await sentence(bytes)).toContain(words));
});

describe("tolerated with a note, as Linux tolerates it", () => {
  const section = (index: number) => sectionFields(64, sectionsAt + index * recordSizes(64).section);
  const cases: [string, Uint8Array, string][] = [
    ["EI_CLASS 9 on x86-64", withField(good, { offset: 4, size: 2 }, 0x0109), "EI_CLASS is 9: Linux does not look at it"],
    ["EI_DATA 0", withField(good, { offset: 4, size: 2 }, 0x0002), "EI_DATA is 0: Linux does not look at it"],
    ["EI_VERSION 0", withField(good, { offset: 6, size: 2 }, 0), "EI_VERSION is 0"],
    ["e_type 0xfe05", withField(good, header["e_type"]!, 0xfe05), "a kind of file of another operating system"],
    ["e_entry 2^64-1", withField(good, header["e_entry"]!, all64), "entry point does not lie in executable memory"],
    [
      "e_shoff past the end",
      withField(good, header["e_shoff"]!, good.length),
      "section headers are left aside: they lie past the end",
    ],
    ["e_shoff 2^64-1", withField(good, header["e_shoff"]!, all64), "section headers are left aside"],
    ["e_shentsize 63", withField(good, header["e_shentsize"]!, 63), "e_shentsize is 63, not 64"],
    ["e_shnum 60000", withField(good, header["e_shnum"]!, 60000), "run past the end of the file"],
    [
      "section count 2^32",
      withField(withField(good, header["e_shnum"]!, 0), section(0)["sh_size"]!, 2n ** 32n),
      "there would be 4294967296 of them",
    ],
    ["section names at 2^64-1", withField(good, section(3)["sh_offset"]!, all64), "section names are left aside"],
    ["section names of 2^40 bytes", withField(good, section(3)["sh_size"]!, 2n ** 40n), "section names are left aside"],
    ["no PT_LOAD", withField(good, segment["p_type"]!, 6), "no program header loads anything"],
    [
      "PT_LOAD past the end",
      withField(good, segment["p_offset"]!, 0x100000),
      "of which the file has 0; touching the rest is SIGBUS",
    ],
    [
      "overlapping PT_LOADs",
      buildElf({
        segments: [
          { address: 0x400000, offset: 0x1000, bytes: exitCode },
          { address: 0x400000, offset: 0x1000, fileSize: 9 },
        ],
      }),
      "gVisor refuses to start the file",
    ],
    [
      "74 program headers",
      buildElf({ segments: Array.from({ length: 74 }, () => ({ type: 6 })) }),
      "gVisor refuses more than 4096",
    ],
  ];
  for (const [name, bytes, words] of cases) test(name, async () => expect(await notes(bytes)).toContain(words));

  const silent: [string, Uint8Array][] = [
    ["section name index out of range", withField(good, header["e_shstrndx"]!, 999)],
    ["section name offset out of range", withField(good, section(1)["sh_name"]!, 0xffffffff)],
    ["symbol table links to itself", withField(good, section(1)["sh_link"]!, 1)],
    ["symbol table links nowhere", withField(good, section(1)["sh_link"]!, 0xffffffff)],
    ["symbol table at 2^64-1", withField(good, section(1)["sh_offset"]!, all64)],
    ["symbol table of 2^63 bytes", withField(good, section(1)["sh_size"]!, 2n ** 63n)],
    ["p_align 3", withField(good, segment["p_align"]!, 3)],
    ["PT_NOTE where PT_INTERP was", withField(good, interpreter["p_type"]!, 4)],
  ];
  for (const [name, bytes] of silent) test(name, async () => expect(await notes(bytes)).toBe(""));
});

test("cut off at every byte of the headers and a little more", async () => {
  for (const bytes of [good, buildElf({ class: 32, symbols: [{ name: "f", address: 0x400000 }] })]) {
    for (let length = 0; length <= 0x200; length++) {
      const result = await outcome(bytes.slice(0, length));
      if (typeof result === "string") expect(result).toMatch(/^[^\n]{20,250}$/);
      else if (length >= 4) expect(allNotes(result)).not.toBe("");
    }
  }
});

test("every header byte set to 0x00, 0x7f, 0x80 and 0xff", async () => {
  const end = recordSizes(64).header + 2 * recordSizes(64).segment;
  for (let offset = 4; offset < end; offset++) {
    for (const value of [0, 0x7f, 0x80, 0xff]) {
      const copy = good.slice();
      copy[offset] = value;
      const result = await outcome(copy);
      if (typeof result === "string") expect(result).toMatch(/^[^\n]{20,250}$/);
    }
  }
});
