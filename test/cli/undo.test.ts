/** Undo: what it says it brought back is what is there; and whatever a record holds, one sentence or a right result. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hostRunsLinux } from "../../src/environments/run/sandbox.js";
import { apeProgram } from "../fixtures/programs/ape-programs.js";
import { sampleProgram } from "../fixtures/programs/index.js";
import { expectSentence, sandfit, temporaryFolder, writeSample } from "../support/cli.js";
import { testNeeding } from "../support/requirements.js";

const top = temporaryFolder();
const RECORD = "p.sandfit-undo.json";
const ape = Buffer.from(sampleProgram("ape-gs").bytes);

/** p is ape-gs, fixed where it stands. */
async function fixed(...options: string[]): Promise<{ cwd: string; record: () => Record<string, never> }> {
  const cwd = mkdtempSync(join(top, "case-"));
  writeSample(cwd, "ape-gs", "p");
  expect((await sandfit(["fix", "--in-place", "p", ...options], { cwd })).exitCode).toBe(0);
  return { cwd, record: () => JSON.parse(readFileSync(join(cwd, RECORD), "utf8")) };
}

describe("the original again", () => {
  test("is said where it is, after two fixes too", async () => {
    const { cwd, record } = await fixed("--only", "tls-in-gs");
    expect(record()).toMatchObject({ input: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }, output: { size: ape.length } });
    await sandfit(["fix", "--in-place", "p"], { cwd });
    expect((await sandfit(["undo", "p"], { cwd })).stdout).toMatch(/^p {3}restored the original \(\d+ edits reverted\)\n$/);
    expect(readFileSync(join(cwd, "p"))).toEqual(ape);
  });

  test("is not said where other bytes have changed since", async () => {
    const { cwd } = await fixed();
    const now = readFileSync(join(cwd, "p"));
    now[now.length - 1] ^= 1;
    writeFileSync(join(cwd, "p"), now);
    const { stdout, exitCode } = await sandfit(["undo", "p"], { cwd });
    expect(stdout).toMatch(/reverted, but it is not the original: other bytes have changed since it was fixed/);
    expect(exitCode).toBe(1);
    expect(readFileSync(join(cwd, "p")).subarray(0, -1)).toEqual(ape.subarray(0, -1));
  });

  test("is not said by a record without edits, nor by one that leads elsewhere: the file stays fixed, and keeps its record", async () => {
    const { cwd, record } = await fixed();
    const before = readFileSync(join(cwd, "p"));
    const elsewhere = record() as unknown as { edits: { before: string }[] };
    elsewhere.edits.at(-1)!.before = elsewhere.edits.at(-1)!.before.replaceAll(/./g, "0");
    for (const plan of [{ ...record(), edits: [] }, elsewhere]) {
      writeFileSync(join(cwd, RECORD), JSON.stringify(plan));
      const { stderr, exitCode } = await sandfit(["undo", "p"], { cwd });
      expect(stderr).toMatch(
        /^sandfit: refused: p is as `sandfit fix` wrote it, but the record does not lead back to the original\n$/,
      );
      expect(exitCode).toBe(1);
      expect(readFileSync(join(cwd, "p"))).toEqual(before);
      expect(readdirSync(cwd).sort()).toEqual(["p", RECORD]);
    }
  });

  test("is not claimed with a record from before there were sums", async () => {
    const { cwd, record } = await fixed();
    const { output: _, ...plan } = record();
    const old = { ...plan, input: { name: "p", size: ape.length } };
    writeFileSync(join(cwd, RECORD), JSON.stringify(old));
    const { stdout, exitCode } = await sandfit(["undo", "p"], { cwd });
    expect(stdout).toMatch(
      /edits reverted; whether all else is the original's is not known, since the record has no checksum\n$/,
    );
    expect(exitCode).toBe(0);
    expect(readFileSync(join(cwd, "p"))).toEqual(ape);
    writeFileSync(join(cwd, RECORD), JSON.stringify({ ...old, edits: [] }));
    expect((await sandfit(["undo", "p"], { cwd })).stdout).toMatch(/nothing was reverted: the record holds no edits\n$/);
  });
});

describe("an APE that changes itself", () => {
  const itself = apeProgram({ name: "ape-itself", description: "an APE without a loader", changesItself: true });

  function written(): string {
    const cwd = mkdtempSync(join(top, "case-"));
    writeFileSync(join(cwd, "p"), itself.bytes);
    chmodSync(join(cwd, "p"), 0o755);
    return cwd;
  }

  test("is told from one that unpacks a loader", async () => {
    const cwd = written();
    writeSample(cwd, "ape-gs", "other");
    const { stdout } = await sandfit(["check", "--verbose", "p"], { cwd });
    expect(stdout).toMatch(/so only a shell can start it, and its first start changes the file itself/);
    expect(stdout).toMatch(/keep a copy that was never started/);
    expect((await sandfit(["check", "--verbose", "other"], { cwd })).stdout).not.toMatch(/changes the file itself|never started/);
    expect((await sandfit(["fix", "--as", "ape", "--dry-run", "p"], { cwd })).stdout).toMatch(
      /stays that only until a shell starts it/,
    );
    expect((await sandfit(["fix", "--as", "ape", "--dry-run", "other"], { cwd })).stdout).not.toMatch(/only until/);
  });

  testNeeding(hostRunsLinux(), "Linux on x86-64")("comes back whole, started or not", async () => {
    const cwd = written();
    await sandfit(["fix", "--as", "ape", "p", "-o", "z"], { cwd });
    expect(spawnSync("sh", ["./z"], { cwd, encoding: "utf8" }).stdout).toBe(itself.expectedStdout);
    expect(readFileSync(join(cwd, "z")).subarray(1, 4).toString()).toBe("ELF");
    expect(spawnSync("sh", ["./z"], { cwd }).status).not.toBe(0);
    const { stdout, exitCode } = await sandfit(["undo", "z", "-o", "back"], { cwd });
    expect(stdout).toMatch(
      /^back {3}restored the original \(\d+ edits reverted, and the ELF header that it wrote over its first bytes/,
    );
    expect(exitCode).toBe(0);
    expect(readFileSync(join(cwd, "back"))).toEqual(Buffer.from(itself.bytes));
  });
});

describe("a record from somebody else", () => {
  const size = ape.length;
  const input = { name: "p", size };
  const base = { version: 1, as: "elf", machine: "x86-64", repairs: [], leaves: [], warnings: [], notes: [] };
  const edit = { address: 0, rule: "tls-in-gs", evidence: "entry", what: "" };
  const many = (count: number, one: (i: number) => object) => Array.from({ length: count }, (_, i) => ({ ...edit, ...one(i) }));

  const hostile: Record<string, unknown> = {
    "ten million digits": { ...base, input, edits: [{ ...edit, fileOffset: 0, before: "00".repeat(5_000_000), after: "00" }] },
    "ten million digits, and one that is none": {
      ...base,
      input,
      edits: [{ ...edit, fileOffset: 0, before: `${"0".repeat(9_999_999)}x`, after: "" }],
    },
    "200,000 edits of nothing at one place": {
      ...base,
      input,
      edits: many(200_000, () => ({ fileOffset: 9, before: "", after: "" })),
    },
    "200,000 edits": { ...base, input, edits: many(200_000, (i) => ({ fileOffset: i, before: "00", after: "01" })) },
    "an edit at the end of numbers": {
      ...base,
      input,
      edits: many(1, () => ({ fileOffset: Number.MAX_SAFE_INTEGER, before: "00", after: "01" })),
    },
    "a size at the end of numbers": { ...base, input: { name: "p", size: Number.MAX_SAFE_INTEGER }, edits: [] },
    "a sum that is none": { ...base, input: { ...input, sha256: "0".repeat(63) }, edits: [] },
    "a sum that is a number": { ...base, input, output: { size, sha256: 7 }, edits: [] },
    "another's sum": { ...base, input: { ...input, sha256: "0".repeat(64) }, edits: [] },
    "a long start": { ...base, as: "ape", input: { ...input, sha256: "0".repeat(64), start: "00".repeat(65) }, edits: [] },
    "another's start": { ...base, as: "ape", input: { ...input, sha256: "0".repeat(64), start: "00".repeat(64) }, edits: [] },
    "a prototype": { ...base, input, edits: [{ ...edit, __proto__: null, fileOffset: 0, before: "zz", after: "00" }] },
  };

  test.each(Object.keys(hostile))("%s: one sentence, or nothing harmed", async (name) => {
    const cwd = mkdtempSync(join(top, "case-"));
    writeSample(cwd, "ape-gs", "p");
    writeFileSync(join(cwd, RECORD), JSON.stringify(hostile[name]));
    for (const args of [
      ["undo", "p", "-o", "back"],
      ["check", "p"],
    ]) {
      const { stdout, stderr, exitCode } = await sandfit(args, { cwd });
      expect(stderr).not.toMatch(/this is a bug|at .*:\d+:\d+/);
      expect(stderr).toMatch(/^([^\n]+\n)?$/);
      expect([0, 1, 2]).toContain(exitCode);
      expect(stdout).not.toContain("restored the original");
    }
    expect(readFileSync(join(cwd, "p"))).toEqual(ape);
  });

  test("a deep nest", async () => {
    const cwd = mkdtempSync(join(top, "case-"));
    writeSample(cwd, "ape-gs", "p");
    writeFileSync(join(cwd, RECORD), "[".repeat(3_000_000));
    expectSentence(await sandfit(["undo", "p"], { cwd }), /is not JSON$/);
  });
});

test("of the input, whose fixed copy stands beside it: a sentence that names the copy", async () => {
  const cwd = mkdtempSync(join(top, "case-"));
  writeSample(cwd, "gs-call", "p");
  await sandfit(["fix", "p"], { cwd });
  expectSentence(
    await sandfit(["undo", "p"], { cwd }),
    /^sandfit: p was not changed; its fixed copy is p\.gvisor: sandfit undo p\.gvisor$/,
  );
});
