/** Temporary folders of tests, and sample programs in them. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { sampleProgram } from "../fixtures/programs/index.js";

/** A folder for one test file, removed afterwards; anybody may enter it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sandfit-test-"));
  chmodSync(folder, 0o755);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a sample program into a folder, executable, and returns its path. */
export function writeSample(folder: string, name: string, as = name): string {
  const path = join(folder, as);
  writeFileSync(path, sampleProgram(name).bytes);
  chmodSync(path, 0o755);
  return path;
}
