import { expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import type { ElfView } from "../../../src/image/image.js";
import { mayBeImported, neededGlibc } from "../../../src/image/imported-names.js";

/** A view that has nothing but names, loaded at 0x1000. */
function named(text: string): [ReturnType<typeof memorySource>, ElfView] {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const range = { address: 0x1000, fileOffset: 0, fileSize: bytes.length, memorySize: bytes.length };
  const view = { ranges: [range], dynamic: { strings: { address: 0x1000, size: bytes.length } } };
  return [memorySource(bytes, "names"), view as unknown as ElfView];
}

test.each<[string, number]>([
  ["\0libc.so.6\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.36\0GLIBC_2.4\0", 36],
  ["\0GLIBC_2.38\0", 38],
  ["\0GLIBC_2.2.5\0GLIBC_PRIVATE\0", -1],
  ["\0XGLIBC_2.36\0GLIBC_2.\0GLIBC_2.3x\0", -1],
  ["\0GLIBC_2.99999999999999999999\0GLIBC_2.36", -1],
  ["", -1],
])("%j asks for glibc 2.%i", async (text, minor) => {
  expect(await neededGlibc(...named(text))).toBe(minor);
});

test("a name is among the imports' or is not", async () => {
  expect(await mayBeImported(...named("\0mmap\0write\0"), ["mmap64", "mmap"])).toBe(true);
  expect(await mayBeImported(...named("\0mmap2\0write\0"), ["mmap64", "mmap"])).toBe(false);
  // Where nothing can be seen, perhaps.
  const [source, view] = named("\0");
  expect(await mayBeImported(source, { ...view, dynamic: undefined }, ["mmap"])).toBe(true);
});
