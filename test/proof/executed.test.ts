/**
 * What really runs: qemu-user lists every instruction that it executes. Each executed access through %gs of the original is
 * one that the plan edits; the result executes none; and no byte outside the plan differs. With SANDFIT_CORPUS for the real
 * programs there as well.
 */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check/check.js";
import { applyToCopy, forward } from "../../src/fix/apply.js";
import { planFix } from "../../src/fix/plan.js";
import { readImage } from "../../src/image/detect.js";
import { samplePrograms } from "../fixtures/programs/index.js";
import { hasProgram, testNeeding } from "../support/requirements.js";

const QEMU = "qemu-x86_64-static";
const LONGEST_INSTRUCTION = 15;
const GS_PREFIX = "65";
const folder = mkdtempSync(join(tmpdir(), "sandfit-executed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  readonly path: string;
  readonly era: string;
  readonly run?: { readonly args: readonly string[]; readonly stdin?: string; readonly env?: Record<string, string> };
}

/** Addresses of the executed instructions that have a %gs operand. Empty is only believed where something was executed. */
function executedGs(bytes: Uint8Array, run: Entry["run"]): Set<number> {
  const [program, log] = [join(folder, "program"), join(folder, "log")];
  writeFileSync(program, bytes);
  chmodSync(program, 0o755);
  spawnSync(QEMU, ["-d", "in_asm", "-D", log, program, ...(run?.args ?? [])], {
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", TMPDIR: folder, HOME: folder, ...run?.env },
    input: run?.stdin ?? "",
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
  const lines = readFileSync(log, "utf8").split("\n");
  rmSync(log);
  expect(lines.filter((line) => /^0x[0-9a-f]+: /.test(line)).length).toBeGreaterThan(10);
  const accesses = lines.filter((line) => /^0x[0-9a-f]+: .*%gs:/.test(line));
  return new Set(accesses.map((line) => Number(line.slice(0, line.indexOf(":")))));
}

async function expectEveryAccessEdited(bytes: Uint8Array, run: Entry["run"]): Promise<number> {
  const source = memorySource(bytes, "program");
  const plan = await planFix(source, await readImage(source), await check(source));
  // qemu cannot start an APE: the original is the program with the header alone.
  const header = plan.edits.filter((edit) => edit.rule === "ape-not-elf");
  const executed = executedGs(applyToCopy(bytes, forward(header)), run);
  const edited = plan.edits.flatMap(({ address, before }) => (before === GS_PREFIX && address !== undefined ? [address] : []));
  for (const access of executed) {
    const isEdited = edited.some((address) => address >= access && address < access + LONGEST_INSTRUCTION);
    expect(isEdited, `the access at 0x${access.toString(16)} is executed and not edited`).toBe(true);
  }
  const fixed = applyToCopy(bytes, forward(plan.edits));
  expect([...executedGs(fixed, run)].map((address) => address.toString(16))).toEqual([]);
  const planned = new Set(
    plan.edits.flatMap(({ fileOffset, after }) => [...Array(after.length / 2).keys()].map((i) => fileOffset + i)),
  );
  expect(fixed.length).toBe(bytes.length);
  for (const [offset, byte] of fixed.entries()) if (byte !== bytes[offset]) expect(planned.has(offset)).toBe(true);
  return executed.size;
}

const withQemu = testNeeding(hasProgram(QEMU), QEMU);
/** Those that are loaded where their headers say, so that addresses can be compared. */
const samples = ["gs-call", "gs-jump", "gs-jump-call", "gs-every-form", "gs-threads", "gs-lookalikes", "ape-gs", "ape-gs-fat"];
for (const program of samplePrograms().filter(({ name }) => samples.includes(name))) {
  withQemu(program.name, async () => {
    expect(await expectEveryAccessEdited(program.bytes, undefined)).toBeGreaterThan(0);
  });
}

const corpus = process.env["SANDFIT_CORPUS"];
const entries: Entry[] = corpus === undefined ? [] : JSON.parse(readFileSync(join(corpus, "manifest.json"), "utf8"));
for (const entry of entries.filter(({ era, run, path }) => era === "gs" && run !== undefined && !/dlopentest/.test(path))) {
  withQemu(entry.path, async () => {
    expect(await expectEveryAccessEdited(readFileSync(join(corpus!, entry.path)), entry.run)).toBeGreaterThan(0);
  });
}
