import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ByteSource, memorySource, readInto } from "../../../src/bytes/source.js";
import { openFile } from "../../../src/files/file-source.js";
import { temporaryFolder } from "../../support/folder.js";

test("what a Buffer of Node's is read as can be copied by slice()", async () => {
  const source = memorySource(Buffer.from("xxabcd").subarray(2));
  const bytes = await source.read(1, 2);
  expect(bytes).toEqual(Uint8Array.of(0x62, 0x63));
  expect(bytes.slice().buffer.byteLength).toBe(2);
});

test("reading into memory that is there gives what reading gives, as far as the file goes", async () => {
  const path = join(temporaryFolder(), "file");
  const bytes = Uint8Array.from({ length: 1000 }, (_, at) => at % 251);
  writeFileSync(path, bytes);
  const file = openFile(path);
  const sources: ByteSource[] = [file, memorySource(bytes)];
  for (const source of sources) {
    for (const [offset, length] of [
      [0, 1000],
      [7, 100],
      [990, 100],
      [1000, 5],
      [5000, 5],
    ] as const) {
      const into = new Uint8Array(length).fill(0xff);
      const filled = await readInto(source, into, offset);
      expect(filled).toEqual(bytes.subarray(offset, offset + length));
      expect(filled.buffer).toBe(into.buffer);
      // What is not filled is left alone.
      expect(into.subarray(filled.length).every((byte) => byte === 0xff)).toBe(true);
    }
  }
  file.close();
});
