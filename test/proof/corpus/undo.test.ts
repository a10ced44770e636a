/** Every file of SANDFIT_CORPUS, whatever it is: fixed where it stands by the command and undone, it is what it was, byte for byte. */

import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sandfit } from "../../support/cli.js";

const corpus = process.env["SANDFIT_CORPUS"] ?? "";
const only = new RegExp(process.env["SANDFIT_CORPUS_ONLY"] ?? ".");
const folder = mkdtempSync(join(tmpdir(), "sandfit-corpus-undo-"));
const MODE = 0o755;

const files =
  corpus === ""
    ? []
    : readdirSync(corpus, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(corpus, join(entry.parentPath, entry.name)))
        .filter((path) => only.test(path))
        .sort();

/** What came of the files, for either form. */
const counts: Record<string, Record<string, number>> = {};
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  if (files.length > 0) console.log(`fix, then undo, of ${files.length} files: ${JSON.stringify(counts)}`);
});

describe.skipIf(corpus === "").each([
  { form: "elf", args: [] },
  { form: "ape", args: ["--as", "ape"] },
])("fixed as $form and undone", ({ form, args }) => {
  counts[form] = { "fixed and undone": 0, "nothing to fix": 0, refused: 0, "no program": 0 };
  test.each(files)("%s", async (file) => {
    const original = readFileSync(join(corpus, file));
    const path = join(folder, "file");
    copyFileSync(join(corpus, file), path);
    chmodSync(path, MODE);
    const fix = await sandfit(["fix", "--in-place", ...args, path]);
    const isChanged = !readFileSync(path).equals(original) || (statSync(path).mode & 0o7777) !== MODE;
    if (isChanged) {
      expect(fix.exitCode).toBe(0);
      expect((await sandfit(["undo", path])).exitCode).toBe(0);
    }
    const outcome = (["nothing to fix", "refused", "no program"] as const)[fix.exitCode!]!;
    counts[form]![isChanged ? "fixed and undone" : outcome]!++;
    expect(readFileSync(path).equals(original)).toBe(true);
    expect(statSync(path).mode & 0o7777).toBe(MODE);
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});
