/** Many files are checked by several workers, with the answers of one. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { samplePrograms } from "../fixtures/programs/index.js";
import { sandfit, temporaryFolder } from "../support/cli.js";

const folder = temporaryFolder();
const programs = samplePrograms();
/** Enough for workers, and one that cannot be read to its end. */
const names = Array.from({ length: 70 }, (_, index) => join(folder, `${String(index).padStart(2, "0")}.bin`));
for (const [index, name] of names.entries()) {
  const { bytes } = programs[index % programs.length]!;
  writeFileSync(name, index === 40 ? bytes.subarray(0, 100) : bytes);
}

it("says of seventy files what it says of them in two halves, in the same order", async () => {
  const whole = await sandfit(["check", "--json", folder]);
  const halves = [
    await sandfit(["check", "--json", ...names.slice(0, 35)]),
    await sandfit(["check", "--json", ...names.slice(35)]),
  ];
  expect(JSON.parse(whole.stdout).files).toEqual(halves.flatMap(({ stdout }) => JSON.parse(stdout).files));
  expect(whole.stdout).toContain(join(folder, "69.bin"));
  expect(whole).toMatchObject({ exitCode: 2, stderr: "" });
});

it("does not let a worker be started by hand", async () => {
  expect(await sandfit(["check-worker"])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("starts by itself") });
});
