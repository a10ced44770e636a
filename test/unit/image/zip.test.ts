/** The archive at the end: where it is found, what is not believed, and how little is read of a large file. */
import { describe, expect, test } from "vitest";
import { type ByteSource, memorySource } from "../../../src/bytes/source.js";
import { findZipTail, firstLocalHeader, readZipDirectory, type ZipEntry, zipDataOffset } from "../../../src/image/zip.js";
import { readMember } from "../../../src/image/zip-symbols.js";
import { put, withField } from "../../fixtures/images/elf-fields.js";
import { buildZip, concat, record, type ZipSpec } from "../../fixtures/images/zip-builder.js";

const text = new TextEncoder().encode("hello hello hello hello");
const members = [
  { name: "stored.txt", bytes: text },
  { name: "deflated.txt", bytes: text, deflate: true },
];
const prefix = new Uint8Array(1000).fill(0x90);

function archive(spec: Partial<ZipSpec> = {}): { source: ByteSource; directoryAt: number; endAt: number; bytes: Uint8Array } {
  const zip = buildZip({ members, at: prefix.length, ...spec });
  const bytes = concat([prefix, zip.bytes]);
  return { ...zip, bytes, source: memorySource(bytes) };
}

async function entries(source: ByteSource): Promise<ZipEntry[]> {
  const tail = await findZipTail(source);
  const found: ZipEntry[] = [];
  if (tail) for await (const entry of readZipDirectory(source, tail)) found.push(entry);
  return found;
}

for (const zip64 of [false, true]) {
  describe(zip64 ? "zip64" : "plain", () => {
    test("end record, directory and first member", async () => {
      const { source, directoryAt, endAt } = archive({ zip64 });
      expect(await findZipTail(source)).toMatchObject({
        endOffset: endAt,
        zip64,
        directoryOffset: directoryAt,
        entryCount: 2,
        offsetBias: 0,
        firstLocalHeader: prefix.length,
      });
    });

    test("members and their data", async () => {
      const { source } = archive({ zip64 });
      const found = await entries(source);
      expect(found.map(({ name, method, size }) => [name, method, size])).toEqual([
        ["stored.txt", 0, text.length],
        ["deflated.txt", 8, text.length],
      ]);
      expect(await zipDataOffset(source, found[0]!)).toBe(prefix.length + 30 + "stored.txt".length);
      for (const entry of found) expect(await readMember(source, entry)).toEqual(text);
    });

    test("an archive that was put behind a program as it was: offsets are biased", async () => {
      const { source } = archive({ zip64, at: 0 });
      const tail = await findZipTail(source);
      expect(tail).toMatchObject({ offsetBias: prefix.length, firstLocalHeader: prefix.length });
      expect(await readMember(source, (await entries(source))[1]!)).toEqual(text);
    });
  });
}

describe("the end record", () => {
  test("behind a comment of 65535 bytes", async () => {
    const { source, endAt } = archive({ comment: new Uint8Array(65535).fill(0x20) });
    expect((await findZipTail(source))?.endOffset).toBe(endAt);
  });

  test("its signature within the comment is not taken for it", async () => {
    const decoy = record("42222442", [0x06054b50, 0, 0, 1, 1, 46, 500, 0]);
    const { source, endAt } = archive({ comment: concat([decoy, new Uint8Array(40), decoy]) });
    expect((await findZipTail(source))?.endOffset).toBe(endAt);
  });

  test("bytes behind the archive are passed over", async () => {
    const { bytes, endAt } = archive();
    expect((await findZipTail(memorySource(concat([bytes, new Uint8Array(100)]))))?.endOffset).toBe(endAt);
  });

  test("an empty archive has no first member", async () => {
    expect(await findZipTail(archive({ members: [] }).source)).toMatchObject({ entryCount: 0, firstLocalHeader: undefined });
  });

  const { bytes, endAt, directoryAt } = archive();
  const none: [string, Uint8Array][] = [
    ["directory offset past the end", withField(bytes, { offset: endAt + 16, size: 4 }, 0xfffffff0)],
    ["directory size larger than the file", withField(bytes, { offset: endAt + 12, size: 4 }, 0x7fffffff)],
    ["directory size 0 with members", withField(bytes, { offset: endAt + 12, size: 4 }, 0)],
    ["directory that is none", withField(bytes, { offset: directoryAt, size: 4 }, 0)],
    ["comment past the end", withField(bytes, { offset: endAt + 20, size: 2 }, 1)],
    ["cut off", bytes.slice(0, -1)],
    ["nothing", new Uint8Array(0)],
    ["64 KiB of end signatures", Uint8Array.from({ length: 65536 }, (_, index) => [0x50, 0x4b, 5, 6][index % 4]!)],
  ];
  for (const [name, damaged] of none) {
    test(`no archive: ${name}`, async () => {
      const tail = await findZipTail(memorySource(damaged));
      // An offset alone that is wrong is what moving an archive looks like; its directory is where its size says.
      if (name.startsWith("directory offset")) expect(tail?.directoryOffset).toBe(directoryAt);
      else expect(tail).toBeUndefined();
    });
  }

  test("zip64 nonsense: a locator that leads nowhere leaves the plain record", async () => {
    const wide = archive({ zip64: true });
    const locator = wide.endAt - 20;
    const record64 = locator - 56;
    for (const value of [0n, 2n ** 63n, 2n ** 64n - 1n]) {
      const damaged = withField(wide.bytes, { offset: locator + 8, size: 8 }, value);
      expect((await findZipTail(memorySource(damaged)))?.directoryOffset, "found in front of its locator").toBe(wide.directoryAt);
      put(damaged, { offset: record64, size: 4 }, 0);
      expect(await findZipTail(memorySource(damaged))).toBeUndefined();
    }
    for (const field of [40, 48]) {
      const damaged = withField(wide.bytes, { offset: record64 + field, size: 8 }, 2n ** 64n - 1n);
      expect((await findZipTail(memorySource(damaged)))?.directorySize ?? 0).toBeLessThan(wide.bytes.length);
    }
  });
});

describe("the directory", () => {
  const { bytes, directoryAt } = archive();
  const damaged: [string, Uint8Array][] = [
    ["a name past the end", withField(bytes, { offset: directoryAt + 28, size: 2 }, 0xffff)],
    ["an extra field past the end", withField(bytes, { offset: directoryAt + 30, size: 2 }, 0xffff)],
    ["a comment past the end", withField(bytes, { offset: directoryAt + 32, size: 2 }, 0xffff)],
  ];
  for (const [name, copy] of damaged) test(`ends at ${name}`, async () => expect(await entries(memorySource(copy))).toEqual([]));

  test("a member without a local header, or with more data than there is, has none", async () => {
    const [first] = await entries(memorySource(bytes));
    const source = memorySource(bytes);
    expect(await zipDataOffset(source, { ...first!, localOffset: 5 })).toBeUndefined();
    expect(await zipDataOffset(source, { ...first!, localOffset: 2 ** 52 })).toBeUndefined();
    expect(await zipDataOffset(source, { ...first!, compressedSize: bytes.length })).toBeUndefined();
  });

  test("what inflates to more than the limit, or not at all, is given up", async () => {
    const bomb = archive({ members: [{ name: "zeros", bytes: new Uint8Array(1 << 20), deflate: true }] });
    const [entry] = await entries(bomb.source);
    expect(await readMember(bomb.source, { ...entry!, size: 10 }, 65536)).toBeUndefined();
    const at = (await zipDataOffset(bomb.source, entry!))!;
    bomb.bytes.fill(0xff, at, at + 4);
    expect(await readMember(bomb.source, entry!)).toBeUndefined();
    expect(await readMember(bomb.source, { ...entry!, flags: 1 }), "encrypted").toBeUndefined();
    expect(await readMember(bomb.source, { ...entry!, method: 12 }), "bzip2").toBeUndefined();
  });
});

test("of a file of 6 GiB with a large directory little is read", async () => {
  const start = 5 * 2 ** 30;
  const zip = buildZip({ members, at: start, zip64: true, gap: 0, comment: new Uint8Array(100) });
  const filler = 2 ** 20;
  let read = 0;
  // The directory is said to begin a MiB in front of what is really there: as large as that of many members.
  const wide = zip.bytes.slice();
  const record64 = zip.endAt - start - 20 - 56;
  put(wide, { offset: record64 + 40, size: 8 }, zip.endAt - 76 - (start - filler));
  put(wide, { offset: record64 + 48, size: 8 }, start - filler);
  const source: ByteSource = {
    name: "large",
    size: start + wide.length,
    read: async (offset, length) => {
      read += length;
      const bytes = new Uint8Array(Math.max(0, Math.min(length, start + wide.length - offset)));
      if (offset <= start - filler && offset + bytes.length >= start - filler + 4) {
        put(bytes, { offset: start - filler - offset, size: 4 }, 0x02014b50);
      }
      for (let index = Math.max(0, start - offset); index < bytes.length; index++) bytes[index] = wide[offset + index - start]!;
      return bytes;
    },
  };
  const tail = await findZipTail(source);
  expect(tail).toMatchObject({ zip64: true, directoryOffset: start - filler, firstLocalHeader: undefined });
  expect(read).toBeLessThan(128 * 1024);
  await expect(firstLocalHeader(source, { ...tail!, directorySize: 2 ** 30 })).rejects.toThrow("Sandfit reads up to 256 MiB");
});
