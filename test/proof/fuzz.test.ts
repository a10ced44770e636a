/** The fuzz targets without a fuzzer: on what fuzzing starts from, cut off and damaged a little, and on every find of earlier runs. */

import { describe, expect, test } from "vitest";
import { finds, seeds } from "../../fuzz/seeds.js";
import { stretched } from "../../fuzz/stretched.js";
import { targets } from "../../fuzz/targets/index.js";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check/check.js";
import { buildElf } from "../fixtures/images/elf-builder.js";

/** The file as it is, its first half, and with a byte changed in each of a few places. */
function* variants(bytes: Uint8Array): Generator<Buffer> {
  yield Buffer.from(bytes);
  yield Buffer.from(bytes.subarray(0, bytes.length >> 1));
  for (const part of [0.001, 0.01, 0.3, 0.99]) {
    const changed = Buffer.from(bytes);
    changed[Math.floor(part * bytes.length)] ^= 0xff;
    yield changed;
  }
}

describe.each(Object.keys(targets))("%s", (name) => {
  test("on its seeds", async () => {
    const all = seeds(name);
    expect(all.size).toBeGreaterThanOrEqual(5);
    for (const [seed, bytes] of all) {
      for (const data of variants(bytes)) {
        await expect((async () => targets[name](data))(), seed).resolves.toBeUndefined();
      }
    }
  });

  test("on the finds of earlier runs", async () => {
    for (const [find, data] of finds(name)) await expect((async () => targets[name](data))(), find).resolves.toBeUndefined();
  });
});

test("headers that name the same gigabyte many times are refused before it is read", async () => {
  const segments = Array.from({ length: 40 }, (_, i) => ({ address: 0x400000 + i * 0x8000_0000, offset: 0x1000, flags: 5 }));
  const file = buildElf({
    segments: segments.map((segment) => ({ ...segment, fileSize: 0x4000_0000, memorySize: 0x4000_0000 })),
  });
  await expect(check(stretched(file))).rejects.toThrow(/loads \d{11} bytes at once; Sandfit reads up to 1 GiB/);
});

test("a target notices an error that is not declared", async () => {
  const { declared } = await import("../../fuzz/declared.js");
  const broken = { ...memorySource(new Uint8Array(0)), size: 100, read: () => Promise.reject(new TypeError("a bug")) };
  await expect(declared(() => check(broken))).rejects.toThrow("a bug");
});
