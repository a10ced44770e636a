/** `sandfit verify` and `fix --verify`, started for real. */

import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { proveByRuns } from "../../src/cli/commands/verify.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import type { VerifyReport } from "../../src/report/verify-model.js";
import { repairByHand, sampleProgram } from "../fixtures/programs/index.js";
import { folder, placed, sandfit, sandfitAsNobody } from "../support/command.js";
import { isRoot, testNeeding } from "../support/requirements.js";
import { conforming } from "../support/schema.js";

const { present } = await findSandboxes();
async function report(...args: string[]): Promise<VerifyReport & { exit: number | undefined }> {
  const run = await sandfit(["verify", "--json", ...args]);
  return { ...conforming<VerifyReport>("verify-1", run.stdout), exit: run.exitCode };
}

function repaired(name: string): string {
  const path = join(folder, `${name}.by-hand`);
  writeFileSync(path, repairByHand(sampleProgram(name)), { mode: 0o755 });
  return path;
}

describe("verify", () => {
  test.each(["gs-call", "fs-stack-b"])("%s: fails before, passes after", async (name) => {
    const one = await report(placed(name), repaired(name));
    expect(one).toMatchObject({ passed: true, exit: 0 });
    expect(one.rows.every((row) => row.fixed?.sameAsHost)).toBe(true);
    for (const box of present) {
      const row = one.rows.find(({ id }) => id === box.id);
      expect([box.id, row?.original.sameAsHost]).toEqual([box.id, box.kind === "host"]);
    }
  });
  test("healthy passes alone, dual-register does not", async () => {
    expect(await report(placed("healthy"))).toMatchObject({ passed: true, exit: 0, fixed: null });
    expect(await report(placed("dual-register"))).toMatchObject({ passed: false, exit: 1 });
  });
  test("one program that fails in gVisor alone: the sentence says so", async () => {
    const { stdout, exitCode } = await sandfit(["verify", placed("gs-call"), "--", "x"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/not passed gVisor would break \S*gs-call: SIGSEGV \(other stdout\) in rehearsal-/);
  });
  test("a program that is not executable yet is run as it will be", async () => {
    const path = join(folder, "downloaded");
    writeFileSync(path, sampleProgram("healthy").bytes, { mode: 0o644 });
    expect(await report(path)).toMatchObject({ passed: true, exit: 0 });
  });
  test("kvm is named as not run, with the reason", async () => {
    const { notRun } = await report(placed("healthy"));
    expect(notRun.find((one) => one.id === "kvm")?.reason).toMatch(/asked for by name/);
  });
  test("right output and then a death is not passed", async () => {
    const path = join(folder, "dies-late");
    writeFileSync(path, '#!/bin/sh\necho right\n[ "$1" = die ] && kill -SEGV $$\nexit 0\n', { mode: 0o755 });
    const run = await sandfit(["verify", "/bin/echo", "--", "x"]);
    expect(run.exitCode).toBe(0);
    const { passed, remarks } = await report("/bin/sh", "--", "-c", "echo right; kill -SEGV $$");
    expect(passed).toBe(false);
    expect(remarks.join()).toMatch(/does not come to its own end on the host/);
  });
  test("files that differ are seen, and input arrives", async () => {
    const input = join(folder, "input");
    writeFileSync(input, "some input\n");
    const one = await report(
      "--stdin",
      input,
      "/bin/sh",
      "--",
      "-c",
      "cat; [ -e /proc/sys/vm/swappiness ] && echo x >made; exit 0",
    );
    expect(one.rows[0].original.endings).toEqual(["exit 0"]);
    const inside = one.rows.filter(({ id }) => /-(systrap|ptrace)$/.test(id));
    for (const row of inside) expect(row.original.differences).toEqual(["files"]);
  });
  test("a folder is there afresh for each run; without it, arguments that name files are remarked upon", async () => {
    const input = join(folder, "given");
    mkdirSync(input);
    writeFileSync(join(input, "counter"), "");
    const script = "echo x >>counter; cat counter";
    const one = await report("--folder", input, "--times", "2", "/bin/sh", "--", "-c", script);
    expect(one).toMatchObject({ passed: true, remarks: [] });
    expect(readFileSync(join(input, "counter"), "utf8")).toBe("");
    const other = await report("/bin/cat", "--", "given/counter");
    expect(other.remarks.join("\n")).toMatch(/ends with exit 1 on the host[\s\S]*given\/counter is not there/);
  });
  test("limits end a program, and that is not passed", async () => {
    const slow = await report("--timeout", "1", "/bin/sleep", "--", "60");
    expect([slow.passed, slow.rows[0].original.endings]).toEqual([false, ["timeout"]]);
    const loud = await report("--max-output", "1000", "/usr/bin/yes");
    expect([loud.passed, loud.rows[0].original.endings]).toEqual([false, ["too much output"]]);
  });
  test.each([
    [["verify", "a", "b", "c"], /one program too many/],
    [["verify", "/no/such/file"], /cannot be opened/],
    [["verify", "--folder", "/no/such", "/bin/true"], /--folder \/no\/such is no folder/],
    [["verify", "--times", "0", "/bin/true"], /--times 0 is no whole number/],
    [["verify", "--", "x"], /x cannot be opened/],
    [["verify", "/bin/true", "--version"], /--version stands behind a program/],
  ])("bad use: %j", async (args, words) => {
    const run = await sandfit(args);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(words);
  });
  testNeeding(isRoot, "root")("as nobody", () => {
    const run = sandfitAsNobody(["verify", placed("gs-call"), repaired("gs-call")]);
    expect([run.status, run.stderr]).toEqual([0, ""]);
  });
  const boxes = present.filter((box) => box.kind === "runsc");
  test.each(boxes.map((box) => [box.id, box] as const))("inside %s nothing is passed, for want of a host", async (_, box) => {
    const run = await sandfit(["verify", placed("healthy")], box);
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toMatch(/not decided/);
    expect(run.stdout).toMatch(/not run here: host/);
  });
  test.each(boxes.map((box) => [box.id, box] as const))("inside %s two programs are held against each other", async (id, box) => {
    const run = await sandfit(["verify", placed("gs-call"), repaired("gs-call")], box);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(/passed here: before: .*, after: exit 0\n/);
    if (id.endsWith("ptrace")) expect(run.stdout).toContain("before: SIGSEGV, after: exit 0");
    const back = await sandfit(["verify", repaired("gs-call"), placed("gs-call")], box);
    if (id.endsWith("ptrace")) expect([back.exitCode, back.stdout]).toEqual([1, expect.stringContaining("after: SIGSEGV")]);
  });
  test.each(boxes.map((box) => [box.id, box] as const))("inside %s fix --verify proves and says so", async (_, box) => {
    placed("gs-call");
    const { exitCode, stderr } = await sandfit(["fix", "--verify", "--dry-run", "gs-call"], box);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("nothing to run")]);
    const run = await sandfit(["fix", "--verify", join(folder, "gs-call"), "-o", "/tmp/kept"], box);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toMatch(
      /^sandfit: verified here \(gVisor.*\), without a plain Linux to compare with: before: .*, after: exit 0\n$/,
    );
  });
});

describe("fix --verify", () => {
  test("keeps what passes", async () => {
    const run = await sandfit(["fix", "--verify", placed("gs-call"), "-o", join(folder, "kept")]);
    expect([run.exitCode, existsSync(join(folder, "kept"))]).toEqual([0, true]);
    expect(run.stderr).toMatch(/^sandfit: verified in \d+ environments\n$/);
  });
  test.each(["gs-call", "ape-gs"])(
    "%s without x, as curl leaves it: the result can be executed, and undo takes it back",
    async (name) => {
      const path = join(folder, `${name}-as-downloaded`);
      writeFileSync(path, sampleProgram(name).bytes, { mode: 0o644 });
      const run = await sandfit(["fix", "--verify", path]);
      expect([run.exitCode, statSync(`${path}.gvisor`).mode & 0o777]).toEqual([0, 0o755]);
      expect(run.stdout).toMatch(/permissions:? 0644 → 0755/);
      expect((await sandfit(["undo", `${path}.gvisor`])).exitCode).toBe(0);
      expect(statSync(`${path}.gvisor`).mode & 0o777).toBe(0o644);
    },
  );
  test("an APE's ELF does what the APE does", async () => {
    const run = await sandfit(["fix", "--verify", placed("ape-gs"), "-o", join(folder, "from-ape")]);
    expect([run.exitCode, existsSync(join(folder, "from-ape"))]).toEqual([0, true]);
  });
  test("refuses a result that does not, and says where", async () => {
    const copy = join(folder, "no-fix-at-all");
    copyFileSync(placed("gs-call"), copy);
    await expect(proveByRuns(placed("gs-call"), copy, [])).rejects.toThrow(/does not do on .* what the original does/);
  });
});

const corpus = process.env["SANDFIT_CORPUS"];
describe("SANDFIT_CORPUS", () => {
  const make = join(corpus ?? "", "assimilated/make-863bcf66c99e");
  test.skipIf(corpus === undefined || !existsSync(make))("make fails, its fix passes", async () => {
    const fixed = join(folder, "make.fixed");
    const makefile = join(folder, "Makefile");
    writeFileSync(makefile, "all:\n\t@echo hello\n");
    expect((await sandfit(["fix", make, "-o", fixed])).exitCode).toBe(0);
    expect(await report(make, "--", "-f", makefile)).toMatchObject({ passed: false });
    expect(await report(make, fixed, "--", "-f", makefile)).toMatchObject({ passed: true });
  });
});
