/**
 * A disk that fails: strace makes one system call that writes return an error, or that one and all after it. A file that is
 * changed where it stands is as it was then, or, where not even that can be written, `undo` has the original.
 */

import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { command, expectSentence, type Outcome, sandfit, temporaryFolder, writeSample } from "../../support/cli.js";
import { endsOf, writeLargeApe } from "../../support/large.js";
import { hasProgram, isRoot, testNeeding } from "../../support/requirements.js";

const top = temporaryFolder();
chmodSync(top, 0o777);
const SIZE = 80 * 1024 * 1024;
const RECORD = "large.sandfit-undo.json";
const withStrace = testNeeding(hasProgram("strace"), "strace");
const original = Buffer.from(sampleProgram("ape-gs").bytes);

/** Runs `sandfit ARGS` where a call fails: the nth ("3"), or the nth and all after it ("3+"). */
function failing(call: string, error: string, when: string, cwd: string, args: readonly string[]): Outcome {
  const { stdout, stderr, status } = spawnSync(
    "strace",
    ["-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:error=${error}:when=${when}`].concat(
      [process.execPath, command],
      args,
    ),
    { cwd, encoding: "utf8", env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: "1" } },
  );
  return { stdout, stderr, exitCode: status ?? undefined };
}

function fresh(): string {
  const cwd = mkdtempSync(join(top, "case-"));
  writeLargeApe(join(cwd, "large"), SIZE);
  return cwd;
}

const startOf = (cwd: string): Buffer => endsOf(join(cwd, "large"), SIZE).start;
const fix = ["fix", "--in-place", "large"];

describe("a large file that is changed where it stands", () => {
  withStrace("is as it was where a write, a sync or the change of its mode fails", () => {
    const cwd = fresh();
    chmodSync(join(cwd, "large"), 0o4755);
    const refused = [1, 2, 10, 18].map((n) => ["pwrite64", "EIO", `${n}`, "the disk reports an error"]);
    // The record's file, its folder, and the file itself.
    refused.push(...[1, 3].map((n) => ["fsync", "EIO", `${n}`, "the disk reports an error"]));
    // The first is that of a copy which shares blocks; without it the file is changed where it stands.
    refused.push(["fchmod", "EPERM", "1+", "operation not permitted"]);
    for (const [call, error, when, reason] of refused) {
      expectSentence(failing(call!, error!, when!, cwd, fix), new RegExp(`^sandfit: large cannot be written: ${reason}$`));
      expect(startOf(cwd), `${call} ${when}`).toEqual(original);
      expect(readdirSync(cwd), `${call} ${when}`).toEqual(["large"]);
    }
  });

  withStrace("comes back by undo where taking the change back fails too", async () => {
    const seen = new Set<string>();
    for (const [call, when] of [
      ["pwrite64", "1+"],
      ["pwrite64", "2+"],
      ["pwrite64", "18+"],
      ["fsync", "3+"],
    ]) {
      const cwd = fresh();
      expectSentence(
        failing(call!, "EIO", when!, cwd, fix),
        /^sandfit: the disk fails while large is being changed; `sandfit undo` brings the original back once it works again$/,
      );
      const { exitCode, stdout } = await sandfit(["check", "large"], { cwd });
      seen.add(exitCode === 2 ? "between" : "before");
      expect(stdout.includes("is half changed")).toBe(exitCode === 2);
      expect((await sandfit(["undo", "large"], { cwd })).exitCode).toBe(0);
      expect(startOf(cwd)).toEqual(original);
      expect(readdirSync(cwd)).toEqual(["large"]);
    }
    expect(seen).toEqual(new Set(["before", "between"]));
  });

  withStrace("keeps the way back of an earlier fix", async () => {
    const cwd = fresh();
    await sandfit(["fix", "--in-place", "--only", "ape-not-elf", "large"], { cwd });
    const [before, record] = [startOf(cwd), readFileSync(join(cwd, RECORD), "utf8")];
    expectSentence(failing("pwrite64", "EIO", "3", cwd, fix), /large cannot be written/);
    expect(startOf(cwd)).toEqual(before);
    expect(readFileSync(join(cwd, RECORD), "utf8")).toBe(record);
    expectSentence(failing("pwrite64", "EIO", "3+", cwd, fix), /the disk fails while large is being changed/);
    expect((await sandfit(["undo", "large"], { cwd })).exitCode).toBe(0);
    expect(startOf(cwd)).toEqual(original);
  });

  withStrace("an undo that fails is taken back, or finished by the next", async () => {
    const cwd = fresh();
    await sandfit(fix, { cwd });
    const fixed = startOf(cwd);
    expectSentence(failing("pwrite64", "EIO", "2", cwd, ["undo", "large"]), /large cannot be written/);
    expect(startOf(cwd)).toEqual(fixed);
    expectSentence(failing("pwrite64", "EIO", "2+", cwd, ["undo", "large"]), /the disk fails while large is being changed/);
    expect(existsSync(join(cwd, RECORD))).toBe(true);
    expect((await sandfit(["undo", "large"], { cwd })).exitCode).toBe(0);
    expect(startOf(cwd)).toEqual(original);
  });

  testNeeding(isRoot && hasProgram("setpriv"), "root and setpriv")("may be another's, if this user may write it", async () => {
    const cwd = fresh();
    chmodSync(cwd, 0o777);
    chmodSync(join(cwd, "large"), 0o775);
    chownSync(join(cwd, "large"), 0, 65534);
    const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    expect((await sandfit(fix, { cwd, through })).exitCode).toBe(0);
    expect((await sandfit(["check", "large"], { cwd })).exitCode).toBe(0);
    expect(statSync(join(cwd, "large"))).toMatchObject({ uid: 0, mode: 0o100775 });
  });
});

describe("a copy", () => {
  withStrace("that cannot be written is not there", () => {
    const cwd = mkdtempSync(join(top, "case-"));
    writeSample(cwd, "ape-gs", "in");
    for (const [call, when] of [
      ["copy_file_range,sendfile", "1+"],
      ["pwrite64", "2"],
      ["rename", "1"],
    ]) {
      const outcome = failing(call!, "ENOSPC", when!, cwd, ["fix", "in", "-o", "out"]);
      expectSentence(outcome, /^sandfit: out cannot be written: the disk is full$/);
      expect(readdirSync(cwd)).toEqual(["in"]);
      expect(readFileSync(join(cwd, "in"))).toEqual(original);
    }
  });

  withStrace("that replaces a file is on the disk before it takes the name, a new one is not waited for", () => {
    const cwd = mkdtempSync(join(top, "case-"));
    writeSample(cwd, "ape-gs", "in");
    writeFileSync(join(cwd, "old"), "");
    const callsOf = (...args: string[]): string[] => {
      const log = join(cwd, "calls");
      const traced = ["-f", "-qq", "-y", "-e", "trace=fsync,rename,link", "-o", log, process.execPath, command, "fix", ...args];
      expect(spawnSync("strace", traced, { cwd, env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: "1" } }).status).toBe(0);
      return [...readFileSync(log, "utf8").matchAll(/(fsync|rename|link)\([^)]*?(result|json|case-\w+)[.>"]/g)].map(
        ([, call, what]) => `${call} ${what!.replace(/^case.*/, "folder")}`,
      );
    };
    expect(callsOf("in", "-o", "new")).toEqual(["rename json", "link result"]);
    const whole = ["fsync result", "fsync json", "rename json", "fsync folder", "rename result", "fsync folder"];
    expect(callsOf("in", "-o", "old", "--force")).toEqual(whole);
    expect(callsOf("--in-place", "in")).toEqual(whole);
  });
});

test("what is not the owner's mode to keep is taken away", async () => {
  const cwd = mkdtempSync(join(top, "case-"));
  writeLargeApe(join(cwd, "large"), SIZE);
  chmodSync(join(cwd, "large"), 0o6755);
  expect((await sandfit(fix, { cwd })).exitCode).toBe(0);
  expect(statSync(join(cwd, "large")).mode & 0o7777).toBe(0o755);
});
