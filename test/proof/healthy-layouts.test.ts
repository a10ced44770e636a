/** Healthy programs of every layout that linkers and UPX make: no rule may speak against one, and all run on the host and in gVisor. */

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { sandfit, temporaryFolder } from "../support/cli.js";
import { alarmsOn, EXPECTED, failures } from "../support/healthy.js";
import { hasProgram, testNeeding } from "../support/requirements.js";

const folder = temporaryFolder();

const KINDS: readonly (readonly [string, ...string[]])[] = [
  ["no-pie", "-no-pie"],
  ["pie", "-pie"],
  ["static", "-static"],
  ["static-pie", "-static-pie"],
];
const RELRO = [["-Wl,-z,relro,-z,now"], ["-Wl,-z,norelro"]];
const LAYOUTS: readonly (readonly [string, ...string[]])[] = [
  ["as it is"],
  ["stripped", "-s"],
  ["debug", "debug.o"],
  ["compressed debug sections", "debug.o", "-Wl,--compress-debug-sections=zlib"],
  ["pages of 2 MiB", "-Wl,-z,max-page-size=0x200000"],
  ["pages of 64 KiB", "-Wl,-z,max-page-size=0x10000"],
  ["a build id and both hashes", "-Wl,--build-id", "-Wl,--hash-style=both"],
  ["executable stack asked for", "-Wl,-z,execstack"],
  ["packed relocations", "-Wl,-z,pack-relative-relocs"],
  ["headers in the text segment", "-Wl,-z,noseparate-code"],
];
const LINKERS = ["bfd", "gold", "lld", "mold"];
const PROGRAM = { bfd: "ld.bfd", gold: "ld.gold", lld: "ld.lld", mold: "mold" } as const;
const isThere = (linker: string): boolean => hasProgram(PROGRAM[linker as keyof typeof PROGRAM]);
const UPX = ["upx-ucl", "upx"].find(hasProgram);

const source =
  '#include <stdio.h>\nstatic int big[100000]; static _Thread_local int here = 6; static const char text[60000] = "layout %d\\n";\n' +
  "int main(int n, char **v) { big[n] = here; printf(text, big[1] + n); return 0; }\n";

function compile(): void {
  writeFileSync(join(folder, "main.c"), source);
  execFileSync("gcc", ["-O2", "-fPIE", "-c", "-o", "main.o", "main.c"], { cwd: folder });
  execFileSync("gcc", ["-O0", "-g", "-fPIE", "-Dmain=unused", "-c", "-o", "debug.o", "main.c"], { cwd: folder });
}

/** Links the program; not every linker has every option. */
function link(linker: string, name: string, flags: readonly string[]): boolean {
  return spawnSync("gcc", [`-fuse-ld=${linker}`, ...flags, "-o", name, "main.o"], { cwd: folder }).status === 0;
}

const runs = (name: string): boolean => spawnSync(join(folder, name)).stdout.toString() === EXPECTED;

describe("layouts", () => {
  /** Hashes of ELF header and program headers: what a loader goes by. */
  const made = new Set<string>();
  const count = (names: readonly string[]): void => {
    for (const name of names) {
      const bytes = readFileSync(join(folder, name));
      const at = Number(bytes.readBigUInt64LE(32));
      const table = bytes.subarray(at, at + 56 * bytes.readUInt16LE(56));
      made.add(createHash("sha256").update(bytes.subarray(0, 64)).update(table).digest("hex"));
    }
  };

  for (const linker of LINKERS) {
    const program = PROGRAM[linker as keyof typeof PROGRAM];
    testNeeding(hasProgram("gcc") && isThere(linker), `gcc and ${program}`)(
      `${linker}: all run everywhere and nothing speaks against them`,
      async () => {
        compile();
        const names: string[] = [];
        for (const [kind, ...kindFlags] of KINDS) {
          for (const [i, relro] of RELRO.entries()) {
            for (const [layout, ...flags] of LAYOUTS) {
              const name = `${linker} ${kind} ${i} ${layout}`.replaceAll(" ", "-");
              // Nor does every option make a program that runs: mold 1.10's static ones with packed relocations do not.
              if (link(linker, name, [...kindFlags, ...relro, ...flags]) && runs(name)) names.push(name);
            }
          }
        }
        expect(names.length).toBeGreaterThan(40);
        count(names);
        expect(await alarmsOn(folder, names)).toEqual([]);
        expect(await failures(folder, names)).toEqual([]);
      },
    );
  }

  testNeeding(hasProgram("gcc") && UPX !== undefined, "gcc and upx")(
    "UPX: all run everywhere and nothing speaks against them",
    async () => {
      compile();
      const names: string[] = [];
      for (const [kind, ...flags] of KINDS) {
        link("bfd", `plain-${kind}`, flags);
        for (const option of ["-1", "--best", "--lzma"]) {
          const name = `upx-${kind}-${option}`;
          execFileSync(UPX!, ["-q", "-f", option, "-o", name, `plain-${kind}`], { cwd: folder, stdio: "pipe" });
          names.push(name);
        }
      }
      expect(names.filter((name) => !runs(name))).toEqual([]);
      count(names);
      expect(await alarmsOn(folder, names)).toEqual([]);
      expect(await failures(folder, names)).toEqual([]);
      // What is inside cannot be vouched for.
      const { stdout } = await sandfit(["check", ...names.map((name) => join(folder, name)), "--format", "ndjson"]);
      expect(stdout.match(/packed by UPX \(/g)).toHaveLength(names.length);
    },
  );

  testNeeding(hasProgram("gcc") && LINKERS.every(isThere), "gcc and all linkers")(
    "there are at least 200 of them, no two alike to a loader",
    () => {
      expect(made.size).toBeGreaterThanOrEqual(200);
    },
  );
});
