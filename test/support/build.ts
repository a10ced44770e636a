/**
 * Builds the command once before all tests, as scripts/build.mjs does, into a folder of its own: other runs may be at
 * work beside this one. The package test looks at the real build.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export default async function buildCommand(): Promise<() => void> {
  execFileSync(process.execPath, [fileURLToPath(new URL("../../scripts/kernel.mjs", import.meta.url))]);
  const folder = mkdtempSync(join(tmpdir(), "sandfit-build-"));
  const outfile = join(folder, "cli.cjs");
  await build({
    absWorkingDir: fileURLToPath(new URL("../..", import.meta.url)),
    entryPoints: ["src/cli/main.ts"],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20.19",
    minify: true,
    keepNames: true,
    logLevel: "warning",
  });
  // Ordinary users run it too.
  chmodSync(folder, 0o755);
  process.env["SANDFIT_TEST_COMMAND"] = outfile;
  return () => rmSync(folder, { recursive: true, force: true });
}
