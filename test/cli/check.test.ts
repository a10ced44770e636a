/** `sandfit check`, as it is run: what it prints, where, and how it ends. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { FileReport, Report } from "../../src/check/model.js";
import { sampleProgram, samplePrograms } from "../fixtures/programs/index.js";
import { sandfit, shell, temporaryFolder, writeSample } from "../support/cli.js";
import { conforming } from "../support/schema.js";

const folder = temporaryFolder();
for (const { name } of samplePrograms()) writeSample(folder, name);
const inFolder = { cwd: folder };
/** Runs `check --json` and holds what comes against the schema that ships. */
async function checkJson(...args: string[]): Promise<Report> {
  const { stdout } = await sandfit(["check", "--json", ...args], inFolder);
  return conforming<Report>("report-1", stdout);
}

describe("what it prints is as recorded", () => {
  test.each([
    "check gs-call",
    "check gs-lookalikes --all",
    "check gs-lookalikes --why",
    "check gs-stack-b",
    "check dual-register",
    "check healthy",
    "check healthy --why",
    "check ape-gs-fat",
    "check elf32-hello",
    "check gs-dlopen",
    "check fs-dlopen",
    "check gs-stack-b --target systrap",
    "check gs-stack-b --target 2022-12/ptrace",
    "check healthy missing gs-call",
    "--help",
    "check --help",
    "fix --help",
    "undo --help",
    "pack --help",
    "rules --help",
    "rules",
    "rules tls-in-gs",
  ])("sandfit %s", async (line) => {
    const { stdout, stderr, exitCode } = await sandfit(line.split(" "), inFolder);
    const parts = [`$ sandfit ${line}`, stdout + (stderr && `[standard error]\n${stderr}`), `exit code ${exitCode}`, ""];
    await expect(parts.join("\n")).toMatchFileSnapshot(`snapshots/${line.replace(/[^a-z0-9]+/g, "-").replace(/^-/, "")}.txt`);
  });
});

describe("exit codes", () => {
  test.each([
    [0, ["healthy"]],
    [0, ["healthy", "fs-threads"]],
    [0, ["--help"]],
    [1, ["gs-call"]],
    [1, ["healthy", "gs-call"]],
    [2, ["healthy", "missing", "gs-call"]],
    [2, []],
    [2, ["healthy", "--nonsense"]],
    [2, ["healthy", "--target", "nonsense"]],
  ])("%i for check %j", async (expected, args) => {
    expect((await sandfit(["check", ...args], inFolder)).exitCode).toBe(expected);
  });

  test.each([[["nonsense"]], [["rules", "nonsense"]], [["fix"]], [["fix", "a", "b"]], [["undo"]]])("2 for %j", async (args) => {
    const { stdout, stderr, exitCode } = await sandfit(args, inFolder);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toMatch(/^(error|sandfit): .+\n(Run 'sandfit --help' for usage\.\n)?$/);
  });
});

describe("--target", () => {
  test.each([
    ["newest", "2026-09", ["systrap", "ptrace", "kvm"]],
    ["2024-07", "2024-07", ["systrap", "ptrace", "kvm"]],
    ["systrap", "2026-09", ["systrap"]],
    ["2022-12/ptrace", "2022-12", ["ptrace"]],
  ])("%s", async (text, release, platforms) => {
    const report = await checkJson("gs-call", "--target", text);
    expect(report.target).toEqual({ release, platforms });
    expect(Object.keys((report.files[0] as FileReport).views[0].verdicts)).toEqual(platforms);
  });

  test.each(["nonsense", "", "newest/", "newest/nonsense", "newest/kvm/x", "__proto__"])("refuses %j", async (text) => {
    const { stderr, exitCode } = await sandfit(["check", "healthy", `--target=${text}`], inFolder);
    expect(stderr).toMatch(/unknown target .*; expected RELEASE, PLATFORM or RELEASE\/PLATFORM \(releases: newest,.*\n$/);
    expect(exitCode).toBe(2);
  });
});

test("every JSON output is what the schema says", async () => {
  const report = await checkJson(".", "missing", "/dev/null");
  expect(report.files.length).toBe(samplePrograms().length + 2);
  conforming("rules-1", (await sandfit(["rules", "--json"])).stdout);
});

describe("inputs", () => {
  test("a folder stands for the programs below it, and other files there are passed over", async () => {
    mkdirSync(join(folder, "tree/deeper"), { recursive: true });
    writeFileSync(join(folder, "tree/readme"), "no program\n");
    writeSample(join(folder, "tree"), "healthy");
    writeSample(join(folder, "tree/deeper"), "gs-call");
    const names = (await checkJson("tree")).files.map((file) => file.name);
    expect(names).toEqual(["tree/deeper/gs-call", "tree/healthy"]);
  });

  test("a folder without programs is said to be one", async () => {
    mkdirSync(join(folder, "bare"), { recursive: true });
    const stderr = "sandfit: no programs found in bare\n";
    expect(await sandfit(["check", "bare"], inFolder)).toEqual({ stdout: "", stderr, exitCode: 2 });
  });

  test("- is standard input", async () => {
    const { stdout, exitCode } = await sandfit(["check", "-"], { cwd: folder, input: sampleProgram("gs-call").bytes });
    expect(stdout).toMatch(
      /^\(standard input\): will not run in gVisor \(x86-64\); `sandfit fix` repairs it\n {2}ELF x86-64[\s\S]*tls-in-gs/,
    );
    expect(exitCode).toBe(1);
  });
});

describe("colours", () => {
  test.each([
    ["none in a pipe", {}, false],
    ["by FORCE_COLOR", { FORCE_COLOR: "1" }, true],
    ["none by FORCE_COLOR=0", { FORCE_COLOR: "0" }, false],
    ["none by an empty FORCE_COLOR", { FORCE_COLOR: "" }, false],
    ["none by NO_COLOR, even with FORCE_COLOR", { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
    ["an empty NO_COLOR says nothing", { NO_COLOR: "", FORCE_COLOR: "1" }, true],
  ])("%s", async (_name, env, coloured) => {
    const { stdout } = await sandfit(["check", "gs-call"], { cwd: folder, env: env as Record<string, string> });
    expect(stdout !== stripVTControlCharacters(stdout)).toBe(coloured);
  });

  test("names in a file cannot speak to the terminal", async () => {
    writeSample(folder, "healthy", "red\u001b[31m");
    expect((await sandfit(["check", "red\u001b[31m"], inFolder)).stdout).toMatch(/^red\\x1b\[31m: /);
  });
});

describe("pipes", () => {
  test("a reader that has enough is no error", async () => {
    const { stdout, stderr, exitCode } = await shell(`set -o pipefail; "$@" check --all --why . | head -1`, folder);
    expect({ lines: stdout.split("\n").length, stderr }).toEqual({ lines: 2, stderr: "" });
    expect(exitCode).not.toBe(141);
  });

  test("much output arrives whole, however slowly it is read", async () => {
    const { stdout } = await shell(`"$@" check --json . | (sleep 0.3; cat)`, folder);
    expect(stdout.length).toBeGreaterThan(65536);
    expect(JSON.parse(stdout).version).toBe(1);
  });

  test("a full disk behind standard output is told", async () => {
    const { stderr, exitCode } = await shell(`"$@" check gs-call > /dev/full`, folder);
    expect({ stderr, exitCode }).toEqual({
      stderr: "sandfit: standard output cannot be written: the disk is full\n",
      exitCode: 2,
    });
  });
});
