/** `sandfit fix` and `sandfit undo` on a disk: what they write, what they keep, and what they leave when they cannot. */

import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sampleProgram } from "../fixtures/programs/index.js";
import { expectSentence, sandfit, temporaryFolder, writeSample } from "../support/cli.js";

const top = temporaryFolder();
const original = Buffer.from(sampleProgram("gs-call").bytes);

/** A fresh folder with gs-call in it. */
function fresh(name = "gs-call"): { cwd: string; file: string } {
  const cwd = mkdtempSync(join(top, "case-"));
  return { cwd, file: writeSample(cwd, name) };
}

const bytes = (...path: string[]): Buffer => readFileSync(join(...path));
const modeOf = (...path: string[]): number => statSync(join(...path)).mode & 0o7777;

describe("where it writes", () => {
  test("beside the input, with the record that undo needs", async () => {
    const { cwd } = fresh();
    const { stdout, exitCode } = await sandfit(["fix", "gs-call"], { cwd });
    expect({ last: stdout.split("\n").at(-2), exitCode }).toEqual({
      last: "gs-call: 17 edits, 17 bytes (x86-64); wrote gs-call.gvisor (gs-call is unchanged); the way back is in gs-call.gvisor.sandfit-undo.json",
      exitCode: 0,
    });
    expect(readdirSync(cwd).sort()).toEqual(["gs-call", "gs-call.gvisor", "gs-call.gvisor.sandfit-undo.json"]);
    expect(bytes(cwd, "gs-call")).toEqual(original);
    expect((await sandfit(["check", "gs-call.gvisor"], { cwd })).exitCode).toBe(0);
  });

  test("where -o says", async () => {
    const { cwd } = fresh();
    await sandfit(["fix", "gs-call", "-o", "out"], { cwd });
    expect((await sandfit(["check", "out"], { cwd })).exitCode).toBe(0);
  });

  test("over the input only with --in-place, or with --force where -o leads to it, by whatever name", async () => {
    for (const args of [["--in-place"], ["-o", "./gs-call", "--force"], ["-o", "link", "--force"]]) {
      const { cwd } = fresh();
      symlinkSync("gs-call", join(cwd, "link"));
      expect((await sandfit(["fix", "gs-call", ...args], { cwd })).stdout).toMatch(/; wrote \S+; the way back is in \S+\n$/);
      expect((await sandfit(["check", "gs-call"], { cwd })).exitCode).toBe(0);
      // Nothing is left to repair: the way back has to stay.
      const again = await sandfit(["fix", "gs-call", ...args], { cwd });
      expect(again.stdout).toMatch(/; wrote nothing, gs-call is unchanged\n$/);
      expect((await sandfit(["undo", "gs-call"], { cwd })).exitCode).toBe(0);
      expect(bytes(cwd, "gs-call").equals(original)).toBe(true);
    }
    for (const name of ["gs-call", "./gs-call", "link", "sub/../gs-call"]) {
      const { cwd } = fresh();
      symlinkSync("gs-call", join(cwd, "link"));
      mkdirSync(join(cwd, "sub"));
      const outcome = await sandfit(["fix", "gs-call", "-o", name], { cwd });
      expectSentence(outcome, /^sandfit: \S+ is the input itself; say --in-place to replace it, or name another output with -o$/);
      expect(bytes(cwd, "gs-call").equals(original)).toBe(true);
    }
  });

  test("nothing where nothing has to change, unless a copy is asked for; of that there is a way back", async () => {
    const { cwd } = fresh("healthy");
    const { stdout, exitCode } = await sandfit(["fix", "healthy"], { cwd });
    expect({ stdout, exitCode }).toEqual({
      stdout: "healthy: nothing to change; wrote nothing, healthy is unchanged\n",
      exitCode: 0,
    });
    await sandfit(["fix", "--in-place", "healthy"], { cwd });
    expect(readdirSync(cwd)).toEqual(["healthy"]);
    expect((await sandfit(["fix", "healthy", "-o", "copy"], { cwd })).stdout).toMatch(
      /; wrote copy, a copy of healthy; the way back is in copy\.sandfit-undo\.json\n$/,
    );
    const undone = await sandfit(["undo", "copy"], { cwd });
    expect(undone).toEqual({
      stdout: "copy   the original already: there was nothing to revert\n",
      stderr: "",
      exitCode: 0,
    });
    expect(bytes(cwd, "copy")).toEqual(bytes(cwd, "healthy"));
    expect(readdirSync(cwd).sort()).toEqual(["copy", "healthy"]);
  });

  test("and says what the result does not take over", async () => {
    const { cwd, file } = fresh();
    linkSync(file, join(cwd, "second"));
    chmodSync(file, 0o4755);
    const { stdout } = await sandfit(["fix", "gs-call", "--in-place"], { cwd });
    expect(stdout).toMatch(/note: set-user-id, set-group-id and the sticky bit are not carried over/);
    expect(stdout).toMatch(/note: the file has other names \(hard links\); those keep the original/);
  });

  test("over a folder never", async () => {
    const { cwd } = fresh();
    expectSentence(await sandfit(["fix", "gs-call", "-o", "."], { cwd }), /^sandfit: \. is a folder, not a file$/);
  });

  test("over an output that exists only with --force", async () => {
    const { cwd } = fresh();
    writeFileSync(join(cwd, "out"), "precious");
    expectSentence(await sandfit(["fix", "gs-call", "-o", "out"], { cwd }), /^sandfit: out exists already; .*--force$/);
    expect(bytes(cwd, "out").toString()).toBe("precious");
    expect((await sandfit(["fix", "gs-call", "-o", "out", "--force"], { cwd })).exitCode).toBe(0);
    expect(bytes(cwd, "out").length).toBe(original.length);
  });

  test("nowhere with --dry-run", async () => {
    const { cwd } = fresh();
    expect((await sandfit(["fix", "gs-call", "--dry-run"], { cwd })).stdout).toMatch(/; wrote nothing \(--dry-run\)\n/);
    expect(readdirSync(cwd)).toEqual(["gs-call"]);
  });

  test("the plan where --plan says, the same as --json prints", async () => {
    const { cwd } = fresh();
    const { stdout } = await sandfit(["fix", "gs-call", "--dry-run", "--json", "--plan", "plan.json"], { cwd });
    expect(bytes(cwd, "plan.json").toString()).toBe(stdout);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, machine: "x86-64", input: { name: "gs-call" } });
    expect(readdirSync(cwd).sort()).toEqual(["gs-call", "plan.json"]);
  });

  test("and says what it leaves", async () => {
    const { cwd } = fresh("ape-gs");
    const { stdout } = await sandfit(["fix", "ape-gs", "--only", "stack-growsdown", "--dry-run"], { cwd });
    expect(stdout).toBe("ape-gs: nothing to change; wrote nothing (--dry-run)\n  left as it is: tls-in-gs, ape-not-elf\n");
    expect((await sandfit(["fix", "ape-gs", "--only", "ape-not-elf"], { cwd })).stdout).toMatch(/left as it is: tls-in-gs\n/);
  });

  test("no result where the plan cannot be saved", async () => {
    const { cwd } = fresh();
    expectSentence(
      await sandfit(["fix", "gs-call", "--plan", "no/plan"], { cwd }),
      /no\/plan cannot be written: there is no such folder$/,
    );
    expect(readdirSync(cwd)).toEqual(["gs-call"]);
  });

  test("no plan over the way back, nor over what is no plan", async () => {
    const { cwd } = fresh("ape-gs");
    await sandfit(["fix", "ape-gs", "--in-place", "--only", "tls-in-gs"], { cwd });
    const record = "ape-gs.sandfit-undo.json";
    const before = bytes(cwd, record);
    for (const more of [["--dry-run"], ["--in-place"], ["--force"]]) {
      expectSentence(
        await sandfit(["fix", "ape-gs", "--plan", record, ...more], { cwd }),
        /or the way back; save the plan under/,
      );
    }
    expect(bytes(cwd, record).equals(before)).toBe(true);
    writeFileSync(join(cwd, "notes"), "precious");
    const args = ["fix", "ape-gs", "--dry-run", "--plan", "notes"];
    expectSentence(await sandfit(args, { cwd }), /^sandfit: notes exists already and is no plan; .*--force$/);
    expect(bytes(cwd, "notes").toString()).toBe("precious");
    for (const more of [["--force"], []]) expect((await sandfit([...args, ...more], { cwd })).exitCode).toBe(0);
  });

  test("no plan over a device", async () => {
    const { cwd } = fresh();
    expectSentence(
      await sandfit(["fix", "gs-call", "--dry-run", "--plan", "/dev/null"], { cwd }),
      /\/dev\/null is a device, not a file/,
    );
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test.each(["dual-register", "elf32-hello", "gs-dlopen"])("nothing at all where it refuses: %s", async (name) => {
    const { cwd } = fresh(name);
    const { stdout, stderr, exitCode } = await sandfit(["fix", name, "--plan", "plan.json"], { cwd });
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toMatch(/^(sandfit: refused: .+\n)+$/);
    expect(readdirSync(cwd)).toEqual([name]);
  });
});

describe("what it keeps", () => {
  test.each([0o755, 0o555, 0o700])("mode %o", async (mode) => {
    const { cwd, file } = fresh();
    chmodSync(file, mode);
    await sandfit(["fix", "gs-call"], { cwd });
    expect(modeOf(cwd, "gs-call.gvisor")).toBe(mode);
  });

  test("but not set-user-id", async () => {
    const { cwd, file } = fresh();
    chmodSync(file, 0o4755);
    await sandfit(["fix", "gs-call", "--in-place"], { cwd });
    expect(modeOf(cwd, "gs-call")).toBe(0o755);
  });

  test("a link as a link, in front of the input or the output", async () => {
    const { cwd } = fresh();
    symlinkSync("gs-call", join(cwd, "link"));
    await sandfit(["fix", "link", "--in-place"], { cwd });
    expect(lstatSync(join(cwd, "link")).isSymbolicLink()).toBe(true);
    expect((await sandfit(["check", "gs-call"], { cwd })).exitCode).toBe(0);
    expect((await sandfit(["undo", "link"], { cwd })).exitCode).toBe(0);
    expect(bytes(cwd, "gs-call")).toEqual(original);
  });

  test("the other name of a hard link as it was", async () => {
    const { cwd, file } = fresh();
    linkSync(file, join(cwd, "other"));
    await sandfit(["fix", "gs-call", "--in-place"], { cwd });
    expect(bytes(cwd, "other")).toEqual(original);
  });

  test("everything when it runs a second time", async () => {
    const { cwd, file } = fresh();
    await sandfit(["fix", "gs-call", "--in-place"], { cwd });
    const [once, record] = [bytes(file), bytes(`${file}.sandfit-undo.json`)];
    expect((await sandfit(["fix", "gs-call", "--in-place"], { cwd })).exitCode).toBe(0);
    expect([bytes(file), bytes(`${file}.sandfit-undo.json`)]).toEqual([once, record]);
  });
});

describe("undo", () => {
  test("brings the original back and removes the record", async () => {
    const { cwd } = fresh("ape-gs");
    await sandfit(["fix", "ape-gs", "--in-place"], { cwd });
    expect((await sandfit(["undo", "ape-gs"], { cwd })).exitCode).toBe(0);
    expect(bytes(cwd, "ape-gs")).toEqual(Buffer.from(sampleProgram("ape-gs").bytes));
    expect(readdirSync(cwd)).toEqual(["ape-gs"]);
  });

  test("from a saved plan, to another file", async () => {
    const { cwd } = fresh();
    await sandfit(["fix", "gs-call", "-o", "out", "--plan", "plan.json"], { cwd });
    expect((await sandfit(["undo", "out", "--plan", "plan.json", "-o", "back"], { cwd })).exitCode).toBe(0);
    expect(bytes(cwd, "back")).toEqual(original);
    expect((await sandfit(["check", "out"], { cwd })).exitCode).toBe(0);
  });

  test("refuses a file that changed since, and one without a record", async () => {
    const { cwd, file } = fresh();
    expectSentence(
      await sandfit(["undo", "gs-call"], { cwd }),
      /gs-call\.sandfit-undo\.json cannot be read: there is no such file$/,
    );
    await sandfit(["fix", "gs-call", "--in-place"], { cwd });
    const changed = bytes(file);
    const [{ fileOffset }] = JSON.parse(bytes(`${file}.sandfit-undo.json`).toString()).edits;
    changed[fileOffset] ^= 0x80;
    writeFileSync(file, changed);
    const { stderr, exitCode } = await sandfit(["undo", "gs-call"], { cwd });
    expect(stderr).toMatch(/^sandfit: refused: .*this is not the file that the plan was made for\n$/);
    expect(exitCode).toBe(1);
    writeFileSync(file, original.subarray(1));
    expectSentence(await sandfit(["undo", "gs-call"], { cwd }), /has \d+ bytes, but the plan was made for a file of \d+$/);
  });

  test.each([
    "",
    "no JSON",
    "null",
    "[]",
    '{"version":1}',
    '{"version":1,"input":{"size":1},"edits":[null]}',
    '{"version":1,"input":{"size":1},"edits":[{"fileOffset":0,"before":["7f"],"after":12}]}',
    '{"version":1,"input":{"size":1},"edits":[],"mode":null}',
    '{"version":1,"input":{"size":1},"edits":[],"repairs":5}',
    '{"version":1,"input":{"size":9},"edits":[{"fileOffset":1,"before":"7f00","after":"0000"},{"fileOffset":2,"before":"7f","after":"00"}]}',
  ])("refuses %j as a plan", async (text) => {
    const { cwd } = fresh();
    writeFileSync(join(cwd, "plan.json"), text);
    expectSentence(await sandfit(["undo", "gs-call", "--plan", "plan.json"], { cwd }), /plan\.json is not/);
  });
});

test("an output in a folder that does not exist is told as that", async () => {
  const { cwd } = fresh();
  mkdirSync(join(cwd, "there"));
  expectSentence(
    await sandfit(["fix", "gs-call", "-o", "not/there"], { cwd }),
    /not\/there cannot be written: there is no such folder$/,
  );
  expect(readdirSync(cwd).sort()).toEqual(["gs-call", "there"]);
});
