/** Programs that every machine has, against readelf where there is one. */
import { spawnSync } from "node:child_process";
import { existsSync, realpathSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import type { ElfView } from "../../src/image/image.js";
import { readImports, readRelativeRelocations } from "../../src/image/relocations.js";
import { readSymbols } from "../../src/image/symbols.js";
import { readUnwindRanges } from "../../src/image/unwind.js";
import { allNotes, fileSource, readEverything } from "../fixtures/images/read.js";
import { describeNeeding, hasProgram, testNeeding } from "../support/requirements.js";

const withReadelf = testNeeding(hasProgram("readelf"), "readelf");

const libc = [
  "/lib/x86_64-linux-gnu/libc.so.6",
  "/lib/aarch64-linux-gnu/libc.so.6",
  "/usr/lib/libc.so.6",
  "/lib64/libc.so.6",
].find(existsSync);
const files = [process.execPath, "/bin/sh", "/usr/bin/env", ...(libc ? [libc] : [])].map((file) => realpathSync(file));

function readelf(file: string, ...options: string[]): string {
  // Its status is 1 for a libc whose separate debug file is elsewhere; what it prints is complete all the same.
  return spawnSync("readelf", [...options, file], { encoding: "utf8", maxBuffer: 1 << 30, env: { ...process.env, LC_ALL: "C" } })
    .stdout;
}

/** The LOAD lines of `readelf -lW` as numbers and flags. */
function loadLines(file: string): (number | string)[][] {
  return [...readelf(file, "-lW").matchAll(/^ {2}LOAD +(\S+) (\S+) \S+ (\S+) (\S+) (R| )(W| )(E| )/gm)].map((match) => [
    ...match.slice(1, 5).map(Number),
    match.slice(5, 8).join("").trim(),
  ]);
}

function loads(view: ElfView): (number | string)[][] {
  return view.programHeaders
    .filter(({ type }) => type === 1)
    .map((segment) => [
      segment.offset,
      segment.address,
      segment.fileSize,
      segment.memorySize,
      `${segment.flags & 4 ? "R" : " "}${segment.flags & 2 ? "W" : " "}${segment.flags & 1 ? "E" : " "}`.trim(),
    ]);
}

/** Of a larger file readelf needs many seconds to list everything. */
const mostBytes = 8_000_000;

for (const file of new Set(files)) {
  describeNeeding(process.platform === "linux", "Linux")(file, () => {
    test("is read whole, without notes", async () => {
      const image = await readEverything(fileSource(file));
      expect(image.kind).toBe("elf");
      expect(allNotes(image)).toBe("");
      expect(image.elf[0]!.ranges.some(({ executable, fileSize }) => executable && fileSize > 0)).toBe(true);
    });

    withReadelf("loads what readelf says", async () => {
      const view = (await readEverything(fileSource(file))).elf[0]!;
      expect(loads(view)).toEqual(loadLines(file));
      const header = readelf(file, "-hlW");
      expect(view.entry).toBe(Number(/Entry point address: +(\S+)/.exec(header)?.[1]));
      expect(view.sections).toHaveLength(Number(/Number of section headers: +(\d+)/.exec(header)?.[1]));
      expect(view.interpreter).toBe(/Requesting program interpreter: (.+)\]/.exec(header)?.[1]);
      const needed = [...readelf(file, "-dW").matchAll(/\(NEEDED\) +Shared library: \[(.+)\]/g)].map((match) => match[1]);
      expect(view.needed).toEqual(needed);
    });

    const isLarge = statSync(file).size > mostBytes;
    if (isLarge) return;
    withReadelf("has the functions, imports and unwind ranges that readelf counts", async () => {
      const source = fileSource(file);
      const view = (await readEverything(source)).elf[0]!;
      const functions = new Set<string>();
      for (const line of readelf(file, "-sW").split("\n")) {
        const [, value, , type, , , section, name] = line.trim().split(/\s+/);
        if ((type === "FUNC" || type === "IFUNC") && section !== "UND")
          functions.add(`${Number(`0x${value}`)} ${name?.split("@")[0]}`);
      }
      // readelf numbers versions into the names of .symtab, where they are part of them.
      const ours = (await readSymbols(source, view, undefined)).filter(({ isFunction }) => isFunction);
      expect(new Set(ours.map(({ name, address }) => `${address} ${name.split("@")[0]}`))).toEqual(functions);

      const relocations = readelf(file, "-rW");
      const slots = new Set((await readImports(source, view)).flatMap((imported) => imported.slots));
      const jumps = [...relocations.matchAll(/^([0-9a-f]+) .*_JUMP_SLO\w* +0+ (\S+)/gm)].map((match) => Number(`0x${match[1]}`));
      expect(jumps.filter((slot) => !slots.has(slot))).toEqual([]);
      const relative = [...relocations.matchAll(/^([0-9a-f]+) .*_RELATIVE? +([0-9a-f]+)$/gm)].map((match) =>
        Number(`0x${match[1]}`),
      );
      const found = new Set((await readRelativeRelocations(source, view)).map(({ at }) => at));
      expect(relative.filter((slot) => !found.has(slot))).toEqual([]);

      const frames = readelf(file, "--debug-dump=frames", "-W").split("Contents of the .debug_frame")[0]!;
      const pcs = [...frames.matchAll(/ FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)$/gm)].map((match) => [
        Number(`0x${match[1]}`),
        Number(`0x${match[2]}`),
      ]);
      const ranges = pcs.filter(([start, end]) => end! > start!).map(([start, end]) => ({ start, size: end! - start! }));
      expect(await readUnwindRanges(source, view)).toHaveLength(ranges.length);
    });
  });
}
