/** Healthy programs of every layout that linkers make, none of which any rule may call failing. Each is run once on the host. */

import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { check } from "../../src/check.js";
import { openFile } from "../../src/disk/file-source.js";
import { surroundingsOf } from "../../src/disk/surroundings.js";
import { temporaryFolder } from "../support/cli.js";
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
  ["pages of 2 MiB", "-Wl,-z,max-page-size=0x200000"],
  ["pages of 64 KiB", "-Wl,-z,max-page-size=0x10000"],
  ["a build id and both hashes", "-Wl,--build-id", "-Wl,--hash-style=both"],
  ["executable stack asked for", "-Wl,-z,execstack"],
  ["packed relocations", "-Wl,-z,pack-relative-relocs"],
  ["headers in the text segment", "-Wl,-z,noseparate-code"],
];
const LINKERS = ["bfd", "gold", "lld", "mold"];
const PROGRAM = { bfd: "ld.bfd", gold: "ld.gold", lld: "ld.lld", mold: "mold" } as const;

const source =
  '#include <stdio.h>\nstatic int big[100000]; static _Thread_local int here = 6;\nint main(int n, char **v) { big[n] = here; printf("layout %d\\n", big[1] + n); return 0; }\n';

describe("layouts", () => {
  let counted = 0;
  for (const linker of LINKERS) {
    const program = PROGRAM[linker as keyof typeof PROGRAM];
    testNeeding(hasProgram("gcc") && hasProgram(program), `gcc and ${program}`)(
      `${linker}: all run and nothing speaks against them`,
      async () => {
        writeFileSync(join(folder, "main.c"), source);
        execFileSync("gcc", ["-O2", "-fPIE", "-c", "-o", "main.o", "main.c"], { cwd: folder });
        const alarms: string[] = [];
        let made = 0;
        for (const [kind, ...kindFlags] of KINDS) {
          for (const [i, relro] of RELRO.entries()) {
            for (const [layout, ...flags] of LAYOUTS) {
              const name = `${linker} ${kind} ${i} ${layout}`.replaceAll(" ", "-");
              const args = [`-fuse-ld=${linker}`, ...kindFlags, ...relro, ...flags, "-o", name, "main.o"];
              // Not every linker has every option.
              if (spawnSync("gcc", args, { cwd: folder }).status !== 0) continue;
              // Nor does every option make a program that runs: mold 1.10's static ones with packed relocations do not.
              if (spawnSync(join(folder, name)).stdout.toString() !== "layout 7\n") continue;
              made++;
              const file = openFile(join(folder, name));
              const report = await check(file, undefined, surroundingsOf(join(folder, name)));
              file.close();
              for (const finding of report.views.flatMap((view) => view.findings)) alarms.push(`${name}: ${finding.rule}`);
            }
          }
        }
        counted += made;
        expect(alarms).toEqual([]);
        expect(made).toBeGreaterThan(30);
      },
    );
  }

  test.skipIf(!LINKERS.every((linker) => hasProgram(PROGRAM[linker as keyof typeof PROGRAM])))(
    "there are at least 200 of them",
    () => {
      expect(counted).toBeGreaterThanOrEqual(200);
    },
  );
});
