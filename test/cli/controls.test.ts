/** Nothing that a command prints or writes holds a control character of a file or of its name. */

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withInterpreters } from "../../src/asm/loader-shapes.js";
import { sampleProgram } from "../fixtures/programs/index.js";
import { sandfit, temporaryFolder, writeSample } from "../support/cli.js";

const folder = temporaryFolder();

test("all that commands print or save as JSON goes that way", async () => {
  const cwd = mkdtempSync(join(folder, "names-"));
  const name = "p\x9b31m\u202e\x7f";
  writeSample(cwd, "ape-gs", name);
  for (const args of [
    ["check", "--json"],
    ["check", "--format", "ndjson"],
    ["check", "--format", "sarif"],
    ["fix", "--json", "--dry-run"],
    ["report", "--format", "json"],
    ["fix", "--in-place"],
    ["undo"],
  ]) {
    const { stdout, stderr } = await sandfit([...args, name], { cwd });
    expect(stdout.length, args.join(" ")).toBeGreaterThan(0);
    expect(stdout + stderr, args.join(" ")).not.toMatch(/[^\n\P{Cc}]|[\u202e]/u);
    const record = join(cwd, `${name}.sandfit-undo.json`);
    if (args[1] === "--in-place") expect(readFileSync(record, "utf8")).not.toMatch(/[^\n\P{Cc}]|[\u202e]/u);
  }
  const manifest = await sandfit(["pack", ".", "--json", "-o", "../names-out.tar.gz"], { cwd });
  expect(manifest.stdout).toContain("\\u202e");
  expect(manifest.stdout).not.toMatch(/[^\n\P{Cc}]|[\u202e]/u);
});

test("Markdown takes the interpreters that a program names for text (found by fuzzing)", async () => {
  const file = join(folder, "interpreters");
  writeFileSync(file, withInterpreters(sampleProgram("healthy").bytes, ["/<b>![x](http://127.0.0.1/)\x1b[2J", "/other"]));
  const { stdout } = await sandfit(["report", file]);
  expect(stdout).toContain("PT\\_INTERP /\\<b\\>!\\[x\\](http://127.0.0.1/)");
  expect(stdout).not.toMatch(/[^\n\P{Cc}]/u);
});
