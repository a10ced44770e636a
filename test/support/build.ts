/**
 * Builds the command once before the tests that run it, as scripts/build.mjs does, into a folder of its own: other runs may be at
 * work beside this one. The package test looks at the real build.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export default function buildCommand(): (() => void) | undefined {
  // Two projects ask for it, one after the other, in one process.
  if (process.env["SANDFIT_TEST_COMMAND"]) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "sandfit-build-"));
  execFileSync(process.execPath, [fileURLToPath(new URL("../../scripts/bundle.mjs", import.meta.url)), folder]);
  // Ordinary users run it too.
  chmodSync(folder, 0o755);
  process.env["SANDFIT_TEST_COMMAND"] = join(folder, "cli.cjs");
  // The user's own cache is left alone.
  process.env["XDG_CACHE_HOME"] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
