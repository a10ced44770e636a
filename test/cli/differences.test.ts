/** `sandfit differences`: lists, explains one, and speaks JSON. */

import { expect, test } from "vitest";
import { differences } from "../../src/gvisor/differences/index.js";
import type { DifferenceReport } from "../../src/report/differences.js";
import { expectSentence, sandfit } from "../support/cli.js";
import { conforming } from "../support/schema.js";

test("lists all, or those of a kind", async () => {
  const all = await sandfit(["differences"]);
  expect(all.exitCode).toBe(0);
  expect(all.stdout.trimEnd().split("\n")).toHaveLength(differences.length);
  const some = await sandfit(["differences", "--kind", "security"]);
  expect(some.stdout).toContain("ktls-clear-text");
  expect(some.stdout.split("\n").length).toBeLessThan(20);
});

test("explains one", async () => {
  const { stdout, exitCode } = await sandfit(["differences", "raw-socket"]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("runsc `--net-raw` (run with gVisor 2026-09 systrap: `ok`)");
});

test("prints JSON as its schema says", async () => {
  const { stdout } = await sandfit(["differences", "--json"]);
  const document = conforming<{ differences: DifferenceReport[] }>("differences-1", stdout);
  expect(document.differences).toHaveLength(differences.length);
  const fixed = document.differences.find(({ id }) => id === "openat2")!;
  expect(fixed.remedies[0]).toMatchObject({ by: "release", use: "2026-09", basis: "run" });
});

test("says in a sentence that there is no such one", async () => {
  expectSentence(await sandfit(["differences", "nonsense"]), /there is no known difference nonsense/);
});
