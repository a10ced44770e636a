/** The README's library example, as it stands there: compiled strictly against the published types, and run. */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { check } from "../../src/check/check.js";
import { memorySource, renderText } from "../../src/index.js";
import { sampleProgram } from "../fixtures/programs/index.js";
import { sandfit, temporaryFolder, writeSample } from "../support/cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = temporaryFolder();
const readme = readFileSync(join(root, "README.md"), "utf8");
const [, example = ""] = /##+ As a library\n\n```ts\n([\s\S]*?)```/.exec(readme) ?? [];

beforeAll(() => {
  if (!existsSync(join(root, "dist/types"))) execFileSync(process.execPath, [join(root, "scripts/build.mjs")], { stdio: "pipe" });
  mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
  symlinkSync(root, join(folder, "node_modules/sandfit"));
  symlinkSync(join(root, "node_modules/@types/node"), join(folder, "node_modules/@types/node"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "example.ts"), example);
  writeSample(folder, "ape-gs", "make");
}, 300_000);

test("it compiles, with every strict option, and does what it says", async () => {
  expect(example).toContain("planFix");
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const options = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--types", "node"];
  const modules = ["--module", "nodenext", "--target", "es2022"];
  const compiled = spawnSync(process.execPath, [tsc, ...options, ...modules, "example.ts"], { cwd: folder, encoding: "utf8" });
  expect({ stdout: compiled.stdout, status: compiled.status }).toEqual({ stdout: "", status: 0 });
  const printed = execFileSync(process.execPath, ["example.js"], { cwd: folder, encoding: "utf8" });
  const { stdout } = await sandfit(["check", "make"], { cwd: folder });
  expect(printed).toBe(`${stdout}\nfails\n`);
  expect((await sandfit(["check", "make.gvisor"], { cwd: folder })).exitCode).toBe(0);
}, 300_000);

test("a path or bytes instead of a source is a TypeError that names the argument", async () => {
  for (const [wrong, words] of [
    ["make", "a string"],
    [new Uint8Array(4), "bytes"],
    [undefined, "undefined"],
    [null, "null"],
  ] as const)
    await expect(check(wrong as never)).rejects.toThrow(
      new TypeError(
        `check(source): source has to be a ByteSource, such as memorySource(bytes, name) or blobSource(file), but it is ${words}`,
      ),
    );
});

test("renderText takes one file's report, with and without options, and a file that could not be read", async () => {
  const report = await check(memorySource(sampleProgram("healthy").bytes, "healthy"));
  expect(renderText(report)).toBe("healthy: nothing found against it\n  ELF x86-64, static executable, with symbols\n");
  expect(renderText(report, { why: true })).toMatch(/systrap, ptrace and kvm: nothing found against it/);
  expect(renderText({ name: "x", error: "cannot be opened" })).toBe("error x: cannot be opened\n");
});
