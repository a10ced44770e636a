/** Plans as JSON are what schema/plan-1.json says: of every sample, in both forms, and the record beside a fixed file. */

import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { checkImage } from "../../../src/check/check.js";
import { RefusedError } from "../../../src/errors.js";
import { type Plan, planFix } from "../../../src/fix/plan.js";
import { readImage } from "../../../src/image/detect.js";
import { planFrom, recordText } from "../../../src/write/record.js";
import { samplePrograms } from "../../fixtures/programs/index.js";
import { sandfit, temporaryFolder, writeSample } from "../../support/cli.js";
import { conforming } from "../../support/schema.js";

test.each([{ as: "elf" }, { as: "ape" }, { as: "elf", allow: ["cosmo-dlopen"] }] as const)(
  "of the samples, with $as and $allow",
  async (options) => {
    let planned = 0;
    for (const { name, bytes } of samplePrograms()) {
      const source = memorySource(bytes, name);
      const image = await readImage(source);
      try {
        const plan = await planFix(source, image, await checkImage(source, image), options);
        const text = recordText(plan);
        conforming("plan-1", text);
        expect(planFrom(text, name)).toEqual(JSON.parse(text));
        planned++;
      } catch (error) {
        expect(error).toBeInstanceOf(RefusedError);
      }
    }
    expect(planned).toBeGreaterThan(3);
  },
);

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
