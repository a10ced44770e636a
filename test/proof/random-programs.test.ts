/** Programs at random, run before and after: whenever there is an edit, with whatever allowance, the result does what the original did. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check/check.js";
import { RefusedError } from "../../src/errors.js";
import { applyToCopy, forward } from "../../src/fix/apply.js";
import { type Allowance, planFix } from "../../src/fix/plan.js";
import { readImage } from "../../src/image/detect.js";
import {
  cosmopolitanProgram,
  cosmopolitanRecipes,
  type Recipe,
  unknownProgram,
  unknownRecipes,
} from "../fixtures/programs/random-programs.js";

const folder = mkdtempSync(join(tmpdir(), "sandfit-random-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const numRuns = Number(process.env["SANDFIT_PROGRAMS"] ?? 150);
const seed = Number(process.env["SANDFIT_SEED"] ?? 20261130);

let count = 0;

/** What a program does: how it ends, and what it prints. */
function run(bytes: Uint8Array): string {
  const path = join(folder, `program-${count++}`);
  writeFileSync(path, bytes, { mode: 0o755 });
  const { status, signal, stdout } = spawnSync(path, { timeout: 60_000, killSignal: "SIGKILL" });
  rmSync(path);
  return `${status} ${signal} ${stdout.toString("hex")}`;
}

/** The fixed program; undefined where it is refused, or nothing is to be done. */
async function fixed(bytes: Uint8Array, allow: readonly Allowance[]): Promise<Uint8Array | undefined> {
  const source = memorySource(bytes, "program");
  try {
    const { edits } = await planFix(source, await readImage(source), await check(source), { allow });
    return edits.length === 0 ? undefined : applyToCopy(bytes, forward(edits));
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

async function staysTheSame(make: (recipe: Recipe) => Uint8Array, recipe: Recipe, allow: readonly Allowance[]): Promise<boolean> {
  const bytes = make(recipe);
  const result = await fixed(bytes, allow);
  if (result !== undefined) expect(run(result)).toBe(run(bytes));
  return result !== undefined;
}

test("nothing is changed in programs of an unknown runtime", async () => {
  await fc.assert(
    fc.asyncProperty(unknownRecipes, async (recipe) => {
      expect(await staysTheSame(unknownProgram, recipe, [])).toBe(false);
    }),
    { numRuns, seed },
  );
});

test("where that is allowed, they do what they did", async () => {
  let edited = 0;
  await fc.assert(
    fc.asyncProperty(unknownRecipes, async (recipe) => {
      if (await staysTheSame(unknownProgram, recipe, ["unknown-runtime"])) edited++;
    }),
    { numRuns, seed },
  );
  expect(edited).toBeGreaterThan(numRuns / 50);
});

test("programs of a known runtime with assembly of their own do what they did", async () => {
  let edited = 0;
  await fc.assert(
    fc.asyncProperty(cosmopolitanRecipes, async (recipe) => {
      if (await staysTheSame(cosmopolitanProgram, recipe, [])) edited++;
    }),
    { numRuns, seed },
  );
  expect(edited).toBeGreaterThan(numRuns / 50);
});
