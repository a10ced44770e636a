/**
 * abi-tag, with libraries that gcc makes: found through the program, lowered in the library. With a glibc before 2.36 the fault itself
 * is run, in every sandbox: Debian 11's, as scripts/install-old-glibc.sh puts it, or that in the folder SANDFIT_OLD_GLIBC.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check/check.js";
import { execute } from "../../src/environments/run/execute.js";
import type { Sandbox } from "../../src/environments/run/sandbox.js";
import { openFile } from "../../src/files/file-source.js";
import { readImage } from "../../src/image/detect.js";
import { librariesOf } from "../../src/input/libraries.js";
import { sandfit, temporaryFolder } from "../support/cli.js";
import { boxes, recordOrCompare } from "../support/evidence.js";
import { hasProgram, testNeeding } from "../support/requirements.js";

const folder = temporaryFolder();
const testWithGcc = testNeeding(hasProgram("gcc"), "gcc");

/** A library that asks for Linux 4.11, and a program that loads it and needs nothing newer than glibc 2.2.5 of the C library. */
function build(): void {
  const note = String.raw`__asm__(".section .note.ABI-tag,\"a\",@note\n.align 4\n.long 4\n.long 16\n.long 1\n.asciz \"GNU\"\n.long 0\n.long 4\n.long 11\n.long 0\n.text\n");`;
  writeFileSync(join(folder, "lib.c"), `int seven(void) { return 7; }\n${note}\n`);
  const main =
    'int seven(void); int printf(const char *, ...); void exit(int);\nvoid begin(void) { printf("abi-tag %d\\n", seven()); exit(0); }';
  writeFileSync(join(folder, "main.c"), `${main}\n__asm__(".globl _start\\n_start: and $-16,%rsp\\ncall begin\\n");\n`);
  const gcc = (...args: string[]) => execFileSync("gcc", args, { cwd: folder });
  gcc("-shared", "-fPIC", "-o", "libtag.so", "lib.c");
  gcc("-nostartfiles", "-o", "program", "main.c", "-L.", "-ltag", "-Wl,-rpath,$ORIGIN");
}

testWithGcc("libraries are found as ld.so finds them, and glibc from 2.36 on does not look at the tag", async () => {
  build();
  const path = join(folder, "program");
  const source = openFile(path);
  const view = (await readImage(source)).elf[0]!;
  const libraries = librariesOf(path, view);
  const { found, missing } = await libraries.all();
  expect(missing).toEqual([]);
  expect(found.map((library) => library.path)).toContain(join(folder, "libtag.so"));
  const version = await libraries.glibc();
  expect(version).toMatch(/^2\.\d+$/);
  const tagged = (glibc: string | undefined) =>
    check(
      source,
      { release: "2024-07", platforms: ["ptrace"] },
      { libraries: () => ({ ...libraries, glibc: async () => glibc }) },
    );
  const rulesOf = async (glibc: string | undefined) => (await tagged(glibc)).views[0]!.findings.map((finding) => finding.rule);
  expect(await rulesOf("2.36")).toEqual([]);
  expect(await rulesOf("2.35")).toEqual(["abi-tag"]);
  expect((await tagged("2.35")).views[0]!.verdicts.ptrace).toMatchObject({ outcome: "fails", releases: ["2022-12", "2024-07"] });
  source.close();
});

testWithGcc("the library's note is lowered in place, and then nothing is found", async () => {
  build();
  const library = join(folder, "libtag.so");
  expect((await sandfit(["fix", "--in-place", library])).exitCode).toBe(0);
  const fixed = await execFileBytes(library);
  expect((await check(memorySource(fixed), { release: "2022-12", platforms: ["ptrace"] })).views[0]!.findings).toEqual([]);
  expect((await execute([join(folder, "program")])).stdout).toBe("abi-tag 7\n");
});

async function execFileBytes(path: string): Promise<Uint8Array> {
  const source = openFile(path);
  try {
    return new Uint8Array(await source.read(0, source.size));
  } finally {
    source.close();
  }
}

const old = process.env["SANDFIT_OLD_GLIBC"] ?? "/opt/sandfit-old-glibc";
const linker = existsSync(old) ? readdirSync(old).find((name) => /^ld-(linux|2)/.test(name)) : undefined;
const canRun = linker !== undefined && hasProgram("gcc");
const testWithOldGlibc = testNeeding(canRun, "gcc and a glibc before 2.36 (scripts/install-old-glibc.sh)");

testWithOldGlibc(
  "with the old glibc: refused where that is recorded, loaded elsewhere, and everywhere after the fix",
  async () => {
    const command = [join(old, linker!), "--library-path", old, join(folder, "program")];
    const sandboxes = boxes.flatMap(({ sandbox }) => sandbox ?? []);
    const seen = new Map<Sandbox, boolean>();
    for (const state of ["original", "fixed"]) {
      build();
      if (state === "fixed") await sandfit(["fix", "--in-place", join(folder, "libtag.so")]);
      for (const sandbox of sandboxes) {
        const loads = (await execute(command, { sandbox, cwd: folder })).stdout === "abi-tag 7\n";
        if (state === "original" && sandbox.kind !== "host") seen.set(sandbox, loads);
        else expect({ state, id: sandbox.id, loads }).toEqual({ state, id: sandbox.id, loads: true });
      }
    }
    for (const [sandbox, loads] of seen) {
      recordOrCompare("abi-tag", "abi-tag", sandbox, {
        rules: ["abi-tag"],
        original: loads ? "runs" : "fails",
        fixed: "runs",
      });
    }
  },
);
