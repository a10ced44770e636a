import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ByteSource, memorySource, readInto } from "../../../src/bytes/source.js";
import { check } from "../../../src/check/check.js";
import { openFile } from "../../../src/files/file-source.js";
import { temporaryFolder } from "../../support/cli.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";

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

/** With pointers to its own code, and what makes the rules walk it. */
const LIBRARY = `#include <sys/syscall.h>
#include <unistd.h>
static int one(void) { return 1; }
static int two(void) { return 2; }
int (*table[])(void) = {one, two};
long set(unsigned long base) { return syscall(SYS_arch_prctl, 0x1001, base); }
int get(void) { int value; __asm__("mov %%gs:0,%0" : "=r"(value)); return value; }
`;

testNeeding(hasProgram("gcc"), "gcc")("a program is the same wherever in memory it begins", async () => {
  const library = join(temporaryFolder(), "library.so");
  execFileSync("gcc", ["-O1", "-shared", "-fPIC", "-x", "c", "-", "-o", library], { input: LIBRARY });
  const bytes = readFileSync(library);
  const expected = await check(memorySource(new Uint8Array(bytes), "library"));
  expect(expected.views[0]!.findings.map(({ rule }) => rule)).toEqual(["gs-beside-fs"]);
  for (const skip of [1, 2, 3]) {
    const buffer = Buffer.concat([Buffer.alloc(skip, 0xff), bytes]);
    expect(await check(memorySource(buffer.subarray(skip), "library"))).toEqual(expected);
  }
});
