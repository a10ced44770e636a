/** Plans as `fix` prints and keeps them are what schema/plan-1.json says. */

import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Plan } from "../../src/fix/plan.js";
import { sandfit, temporaryFolder, writeSample } from "../support/cli.js";
import { conforming } from "../support/schema.js";

test("of the command, of its record, and of two fixes in one record", async () => {
  const cwd = temporaryFolder();
  writeSample(cwd, "ape-gs", "file");
  const record = (): Plan => conforming("plan-1", readFileSync(join(cwd, "file.sandfit-undo.json"), "utf8"));
  const first = await sandfit(["fix", "--in-place", "--json", "--only", "ape-not-elf", "--plan", "plan", "file"], { cwd });
  expect(conforming("plan-1", first.stdout)).toEqual(record());
  expect(readFileSync(join(cwd, "plan"), "utf8")).toBe(first.stdout);
  const second = await sandfit(["fix", "--in-place", "--json", "file"], { cwd });
  expect(conforming<Plan>("plan-1", second.stdout).edits.length).toBe(record().edits.length - 1);
});

test("where the permission bits change", async () => {
  const cwd = temporaryFolder();
  const path = writeSample(cwd, "healthy");
  chmodSync(path, 0o711);
  const { stdout } = await sandfit(["fix", "--dry-run", "--json", "healthy"], { cwd });
  expect(conforming<Plan>("plan-1", stdout).mode).toEqual({ before: 0o711, after: 0o755 });
});
