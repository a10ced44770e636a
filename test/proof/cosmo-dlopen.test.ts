/** cosmo_dlopen: where it is switched off and where that is refused, what is kept by those who ask, and what runs show of all that. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check/check.js";
import { outcomeOf } from "../../src/check/model.js";
import { execute } from "../../src/environments/run/execute.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { applyToCopy, forward } from "../../src/fix/apply.js";
import { type Plan, type PlanOptions, planFix } from "../../src/fix/plan.js";
import { readImage } from "../../src/image/detect.js";
import type { Doubt } from "../fixtures/programs/dlopen.js";
import { gsDlopenProgram, REFUSED_LINE } from "../fixtures/programs/dlopen-programs.js";
import { sampleProgram } from "../fixtures/programs/index.js";

const folder = mkdtempSync(join(tmpdir(), "sandfit-dlopen-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { present } = await findSandboxes();

async function planOf(bytes: Uint8Array, options: PlanOptions = {}): Promise<Plan> {
  const source = memorySource(bytes, "program");
  return planFix(source, await readImage(source), await check(source), options);
}

const fixed = async (bytes: Uint8Array, options: PlanOptions = {}): Promise<Uint8Array> =>
  applyToCopy(bytes, forward((await planOf(bytes, options)).edits));

async function findingOf(bytes: Uint8Array) {
  const report = await check(memorySource(bytes, "program"));
  return report.views[0]!.findings.find((finding) => finding.rule === "cosmo-dlopen");
}

const KEEP = { allow: ["cosmo-dlopen"] } as const;
const proven = ["gs-dlopen-inlined", "gs-dlopen-jump", "gs-dlopen-alone", "gs-dlopen-alone-jump", "gs-dlopen-calls"];

describe.each([...proven, "fs-dlopen", "fs-dlopen-start", "fs-dlopen-start-plain"])("%s", (name) => {
  const { bytes } = sampleProgram(name);

  test("is fixed, and says what it loses", async () => {
    const { warnings, repairs } = await planOf(bytes);
    expect(repairs).toContain("cosmo-dlopen");
    expect(warnings.join()).toMatch(/dlopen\(\) isn't supported on this platform.*--keep-dlopen/);
    expect(await findingOf(await fixed(bytes))).toBeUndefined();
  });

  test("keeps cosmo_dlopen for those who ask: it may fail then, and nothing advises to keep it again", async () => {
    const { edits, leaves } = await planOf(bytes, KEEP);
    expect(edits.filter(({ after }) => after === "c3")).toEqual([]);
    expect(leaves).toContain("cosmo-dlopen");
    const kept = await fixed(bytes, KEEP);
    expect(outcomeOf(await check(memorySource(kept)))).toBe("may-fail");
    expect((await findingOf(kept))?.facts).toMatchObject({ state: "fs", proven: true });
    // Who changes their mind can have it switched off as well.
    expect(outcomeOf(await check(memorySource(await fixed(kept))))).toBe("runs");
  });
});

test("thread state is never moved without it, whatever --only says", async () => {
  const { bytes } = sampleProgram("gs-dlopen-inlined");
  const { repairs } = await planOf(bytes, { only: "tls-in-gs" });
  expect(repairs).toEqual(["tls-in-gs", "cosmo-dlopen"]);
  await expect(planOf(sampleProgram("gs-dlopen").bytes, { only: "tls-in-gs" })).rejects.toThrow(/cosmo-dlopen: .*--keep-dlopen/);
});

describe("without proof of the place nothing is moved, but for those who ask", () => {
  const doubts: readonly Doubt[] = [
    "two messages",
    "no message near",
    "no store of the flag",
    "another caller",
    "a pointer to it",
    "more in it",
    "run into",
    "two of them",
  ];
  const cases = doubts.flatMap((doubt) => [true, false].map((inlined) => [doubt, inlined] as const));
  test.each([...cases, ["three places", true] as const])("%s (inlined: %s)", async (doubt, inlined) => {
    const { bytes } = gsDlopenProgram("doubtful", { inlined, framePointer: true, doubt }, doubt);
    await expect(planOf(bytes)).rejects.toThrow(/cosmo-dlopen: .*not proven.*--keep-dlopen/);
    expect((await findingOf(bytes))?.facts).toMatchObject({ state: "gs", proven: false });
    expect((await planOf(bytes, KEEP)).edits.some(({ rule }) => rule === "tls-in-gs")).toBe(true);
  });
});

test("--as ape says that FreeBSD and NetBSD lose it too", async () => {
  const { bytes } = sampleProgram("ape-gs-dlopen");
  const { notes } = await planOf(bytes, { as: "ape" });
  expect(notes.join()).toMatch(/cosmo_dlopen answers that it is not supported on FreeBSD and NetBSD/);
  expect((await planOf(bytes, { as: "ape", ...KEEP })).notes.join()).not.toMatch(/FreeBSD and NetBSD as well/);
  const kept = await fixed(bytes, { as: "ape", ...KEEP });
  expect((await findingOf(kept))?.facts).toMatchObject({ state: "fs" });
});

describe.each(present.map((sandbox) => [sandbox.id, sandbox] as const))("%s", (id, sandbox) => {
  const run = (name: string, bytes: Uint8Array, args: readonly string[]) => {
    const path = join(folder, `${id}-${name}`);
    writeFileSync(path, bytes, { mode: 0o755 });
    return execute([path, ...args], { sandbox, timeout: 30_000, cwd: folder, env: {} });
  };

  test.each([...proven, "fs-dlopen", "fs-dlopen-start"])("%s answers that there is no support", async (name) => {
    const program = sampleProgram(name);
    const { stdout, exitCode } = await run(name, await fixed(program.bytes), ["ask"]);
    expect({ stdout, exitCode }).toEqual({ stdout: program.expectedStdout + REFUSED_LINE, exitCode: 0 });
  });

  // On plain Linux too: this is what the edit is for.
  test.each(["gs-dlopen-inlined", "fs-dlopen", "fs-dlopen-start"])(
    "%s that keeps it breaks once it loads a library",
    async (name) => {
      const program = sampleProgram(name);
      const { stdout, exitCode } = await run(`kept-${name}`, await fixed(program.bytes, KEEP), ["ask"]);
      expect(exitCode === 0 && stdout.startsWith(program.expectedStdout)).toBe(false);
    },
  );
});
