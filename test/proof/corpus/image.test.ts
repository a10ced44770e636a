/** Real APEs and the ELF programs that assimilating made of them: all files below the folder that SANDFIT_CORPUS names. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { offsetOfAddress } from "../../../src/image/address.js";
import { readImage } from "../../../src/image/detect.js";
import { allNotes, readEverything } from "../../fixtures/images/read.js";
import { processorTime } from "../../support/often.js";

const folder = process.env["SANDFIT_CORPUS"];

function filesBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".json"))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe.skipIf(folder === undefined)("real files (needs SANDFIT_CORPUS)", () => {
  const files = folder === undefined ? [] : filesBelow(folder);
  const isApe = (bytes: Uint8Array): boolean =>
    ["MZqFpD='", "jartsr='", "APEDBG='"].includes(Buffer.from(bytes.subarray(0, 8)).toString("latin1"));

  test("are all read, without a note", async () => {
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const image = await readEverything(memorySource(new Uint8Array(readFileSync(file)), file));
      expect(allNotes(image), file).toBe("");
    }
  });

  test("an APE has an x86-64 view, and the loaders' views agree on its code", async () => {
    for (const file of files) {
      const bytes = new Uint8Array(readFileSync(file));
      if (!isApe(bytes)) continue;
      const image = await readImage(memorySource(bytes, file));
      expect(image.kind, file).toBe("ape");
      const view = image.elf.find(({ machine }) => machine === "x86-64");
      expect(view, file).toBeDefined();
      const code = offsetOfAddress(view!, view!.entry);
      // Windows and macOS have entry points of their own, but the same bytes at the same addresses.
      for (const other of [image.pe, ...image.macho]) {
        if (other !== undefined) expect(offsetOfAddress(other, view!.entry), file).toBe(code);
      }
    }
  });

  test("an APE of up to 1.5 MB is read in a few milliseconds", async () => {
    const apes = files
      .map((file) => new Uint8Array(readFileSync(file)))
      .filter((bytes) => isApe(bytes) && bytes.length < 1_500_000);
    const times: number[] = [];
    for (const bytes of apes) {
      times.push(await processorTime(() => readImage(memorySource(bytes))));
    }
    times.sort((a, b) => a - b);
    expect(times[Math.floor(times.length / 2)] ?? 0).toBeLessThan(10);
  });
});
