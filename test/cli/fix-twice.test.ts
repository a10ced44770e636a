/** Two fixes by the command, one after the other: `undo` gives the first original and its mode. */

import { chmodSync, readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { sandfit, temporaryFolder, writeSample } from "../support/cli.js";

/** Samples that more than one rule repairs, and one of the rules. */
const several = [
  ["gs-dlopen-inlined", "cosmo-dlopen"],
  ["gs-dlopen-jump", "cosmo-dlopen"],
  ["gs-dlopen-alone", "cosmo-dlopen"],
  ["gs-dlopen-calls", "cosmo-dlopen"],
  ["gs-stack-a", "stack-growsdown"],
  ["gs-stack-b", "stack-growsdown"],
] as const;

test.each(several)("%s, first only %s", async (name, rule) => {
  const path = writeSample(temporaryFolder(), name);
  chmodSync(path, 0o711);
  const original = readFileSync(path);
  for (const args of [["--only", rule], []]) {
    expect((await sandfit(["fix", "--in-place", ...args, path])).exitCode).toBe(0);
  }
  expect(readFileSync(path).equals(original)).toBe(false);
  expect((await sandfit(["undo", path])).exitCode).toBe(0);
  expect(readFileSync(path).equals(original)).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o711);
});
