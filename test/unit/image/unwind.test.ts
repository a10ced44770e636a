/** Where functions begin and end, by their frame descriptions. */
import { describe, expect, test } from "vitest";
import { readUnwindRanges } from "../../../src/image/unwind.js";
import { open } from "../../fixtures/images/dynamic-builder.js";
import { buildElf, exitCode } from "../../fixtures/images/elf-builder.js";
import { put } from "../../fixtures/images/elf-fields.js";
import { concat, record } from "../../fixtures/images/zip-builder.js";

describe("unwind ranges", () => {
  const code = 0x401000;
  const frames = 0x402000;
  /** A CIE with augmentation "zR" (0x1b: relative to itself, four bytes), two FDEs and the end mark. */
  const cie = concat([record("44", [20, 0]), Uint8Array.of(1, 0x7a, 0x52, 0, 1, 0x78, 16, 1, 0x1b, 0, 0, 0, 0, 0, 0, 0)]);
  const fde = (at: number, start: number, size: number): Uint8Array =>
    concat([record("4444", [16, at + 4, start - (frames + at + 8), size]), Uint8Array.of(0, 0, 0, 0)]);
  const bytesOf = (end: Uint8Array): Uint8Array => concat([cie, fde(24, code + 4, 5), fde(44, code, 4), end]);
  const build = (frame: Uint8Array): Uint8Array => {
    const header = concat([Uint8Array.of(1, 0x1b, 3, 0x3b), record("4444", [frames - (frames + 0x804), 2, 0, 0])]);
    return buildElf({
      segments: [
        { address: code, bytes: exitCode },
        { address: frames, flags: 4, bytes: concat([frame, new Uint8Array(0x800 - frame.length), header]) },
        { type: 0x6474e550, address: frames + 0x800 },
      ],
    });
  };

  test("through PT_GNU_EH_FRAME, sorted", async () => {
    const { source, view } = await open(build(bytesOf(new Uint8Array(4))));
    expect(await readUnwindRanges(source, view)).toEqual([
      { start: code, size: 4 },
      { start: code + 4, size: 5 },
    ]);
  });

  test("what is damaged ends the reading, what came before counts", async () => {
    for (const end of [record("4", [0xffffffff]), record("4", [0x7fffffff]), record("4", [1])]) {
      const { source, view } = await open(build(bytesOf(end)));
      expect(await readUnwindRanges(source, view)).toHaveLength(2);
    }
    const noCie = bytesOf(new Uint8Array(4));
    put(noCie, { offset: 8, size: 2 }, 0x9999);
    const { source, view } = await open(build(noCie));
    expect(await readUnwindRanges(source, view)).toEqual([]);
  });

  test("none where there are none", async () => {
    const { source, view } = await open(buildElf());
    expect(await readUnwindRanges(source, view)).toEqual([]);
  });
});
