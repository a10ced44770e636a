/**
 * The PE view of real APEs under Wine (Debian's wine64): where Wine runs the original, it runs the portably repaired one alike. Wine is
 * large, so it is not part of CI; this only runs with SANDFIT_CORPUS, and says by name what Wine cannot run.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apply, planAs } from "../../support/portable/repairs.js";

interface Entry {
  readonly path: string;
  readonly era: string;
  readonly run?: { readonly args: readonly string[]; readonly stdin?: string };
}

const corpus = process.env["SANDFIT_CORPUS"];
const wine = ["/usr/lib/wine/wine64", "/usr/bin/wine64"].find((path) => existsSync(path));
const missing = corpus !== undefined && wine === undefined ? " (skipped: needs wine64)" : "";
const only = new RegExp(process.env["SANDFIT_CORPUS_ONLY"] ?? ".");
const entries: Entry[] =
  corpus === undefined
    ? []
    : JSON.parse(readFileSync(join(corpus, "manifest.json"), "utf8")).filter(
        (entry: Entry) => entry.era === "gs" && entry.run !== undefined && only.test(entry.path) && hasPe(entry.path),
      );

function hasPe(path: string): boolean {
  return readFileSync(join(corpus!, path)).toString("latin1", 0, 6) === "MZqFpD";
}

const folder = mkdtempSync(join(tmpdir(), "sandfit-wine-"));
const env = {
  PATH: "/usr/bin:/bin",
  HOME: folder,
  WINEPREFIX: join(folder, "prefix"),
  WINEDEBUG: "-all",
  WINEDLLOVERRIDES: "mscoree,mshtml=",
};

function runInWine(entry: Entry, bytes: Uint8Array): { status: number | null; stdout: string } {
  // Always the same name, which some programs print.
  writeFileSync(join(folder, "x.exe"), bytes, { mode: 0o755 });
  const { status, stdout } = spawnSync(wine!, ["./x.exe", ...(entry.run?.args ?? [])], {
    cwd: folder,
    env,
    input: entry.run?.stdin ?? "",
    timeout: 60_000,
    encoding: "utf8",
  });
  return { status, stdout };
}

describe.skipIf(corpus === undefined || wine === undefined)(`SANDFIT_CORPUS, PE view under Wine${missing}`, () => {
  beforeAll(() => {
    spawnSync(wine!, ["wineboot", "-i"], { env, timeout: 120_000 });
  });
  afterAll(() => {
    // Ends this prefix's server alone.
    spawnSync("/usr/lib/wine/wineserver64", ["-k"], { env, timeout: 20_000 });
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(entries.map((entry) => [entry.path, entry] as const))("%s", async (path, entry) => {
    const bytes = new Uint8Array(readFileSync(join(corpus!, path)));
    const before = runInWine(entry, bytes);
    const after = runInWine(entry, apply(bytes, await planAs(bytes, "ape")));
    expect(after).toEqual(before);
    // Exit 53 is Wine's own for a program that it cannot load; then only the headers were compared.
    if (before.status === 53) console.log(`Wine does not run the original of ${path}`);
  });

  const control = entries.filter((entry) => /v33\/lua/.test(entry.path));
  test.each(control.map((entry) => [entry.path, entry] as const))(
    "%s with its thread state moved for Linux does not run there",
    async (path, entry) => {
      const bytes = new Uint8Array(readFileSync(join(corpus!, path)));
      const { edits } = await planAs(bytes, "elf");
      const moved = apply(bytes, { edits: edits.filter((edit) => edit.rule !== "ape-not-elf") });
      expect(runInWine(entry, bytes).status).toBe(0);
      expect(runInWine(entry, moved).status).not.toBe(0);
    },
  );
});
