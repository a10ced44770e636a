/** What is measured: real files where there are any, copied into a folder of their own. */

import { copyFileSync, existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sampleProgram } from "../test/fixtures/programs/index.js";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const command = join(root, "dist", "cli.cjs");
/** Removed at the end. */
export const folder = mkdtempSync(join(tmpdir(), "sandfit-bench-"));

export interface Input {
  readonly name: string;
  readonly path: string;
  readonly isFixable: boolean;
}

function copied(name: string, from: string, isFixable: boolean): Input[] {
  if (!existsSync(from)) {
    console.log(`left out: ${name} (${from} is missing)`);
    return [];
  }
  const path = join(folder, name.replaceAll(" ", "-"));
  copyFileSync(from, path);
  return [{ name, path, isFixable }];
}

function sample(): Input {
  const path = join(folder, "sample");
  writeFileSync(path, sampleProgram("ape-gs").bytes, { mode: 0o755 });
  return { name: "a small faulty APE", path, isFixable: true };
}

/** A private folder of real programs (docs/benchmarks.md says which of them). */
export const corpus = process.env["SANDFIT_CORPUS"] ?? "SANDFIT_CORPUS";

export const inputs: readonly Input[] = [
  ...copied("a healthy program", "/bin/bash", false),
  sample(),
  ...copied("a faulty APE", join(corpus, "blobs-gs", "make-863bcf66"), true),
  ...copied("node itself", process.execPath, false),
];
