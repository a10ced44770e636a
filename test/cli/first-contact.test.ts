/** What a newcomer meets first: the result in one line, flags that other commands of this kind have, and how it ends. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { folded } from "../../src/report/wrap.js";
import { sandfit, shell, temporaryFolder, writeSample } from "../support/cli.js";

const folder = temporaryFolder();
for (const name of ["gs-call", "ape-gs-fat", "fs-stack-b", "healthy", "dual-register"]) writeSample(folder, name);
mkdirSync(join(folder, "odd"));
writeSample(join(folder, "odd"), "gs-call", "a b");
writeSample(folder, "gs-call", "-dash");
const inFolder = { cwd: folder };
const firstLine = async (...args: string[]) => (await sandfit(["check", ...args], inFolder)).stdout.split("\n")[0];

describe("the first line of a check is the result, with the one command that comes next", () => {
  test.each([
    [["gs-call"], "gs-call: will not run in gVisor (x86-64); `sandfit fix gs-call` repairs it"],
    [["ape-gs-fat"], "ape-gs-fat: will not run in gVisor (x86-64); `sandfit fix ape-gs-fat` repairs it"],
    [["fs-stack-b"], "fs-stack-b: may fail in gVisor (x86-64); `sandfit fix fs-stack-b` repairs it"],
    [["dual-register"], "dual-register: will not run in gVisor (x86-64); no repair is known"],
    [["healthy"], "healthy: nothing found against it"],
    [["odd/a b"], "odd/a b: will not run in gVisor (x86-64); `sandfit fix 'odd/a b'` repairs it"],
    [["--", "-dash"], "-dash: will not run in gVisor (x86-64); `sandfit fix ./-dash` repairs it"],
  ])("%j", async (args, expected) => {
    expect(await firstLine(...args)).toBe(expected);
  });

  test("the last line of a fat APE does not say the opposite, and what its parts share is told once", async () => {
    const { stdout } = await sandfit(["check", "ape-gs-fat"], inFolder);
    expect(stdout).not.toMatch(/\bruns\n|✔/);
    expect(stdout.match(/ape-not-elf/g)).toHaveLength(1);
    expect(stdout).toMatch(/ {2}aarch64 part: nothing else found against it\n$/);
  });

  test("two lines a finding; --verbose says why, with links", async () => {
    const short = (await sandfit(["check", "gs-call"], inFolder)).stdout;
    expect(short.split("\n")).toHaveLength(6);
    expect(short).not.toMatch(/https:/);
    for (const flag of ["-v", "--verbose", "--why"])
      expect((await sandfit(["check", flag, "gs-call"], inFolder)).stdout).toMatch(/why: gVisor answers[\s\S]*see: https:/);
  });
});

test("lines are wrapped at a terminal's width, what follows further in, and colors do not count", () => {
  expect(folded("  one two three four five six seven eight nine ten", 40)).toBe(
    "  one two three four five six seven\n    eight nine ten",
  );
  const red = "\u001b[31mone two three four five six seven eight\u001b[39m";
  expect(folded(red, 40)).toBe(red);
  expect(folded("a".repeat(60), 40)).toBe("a".repeat(60));
  expect(folded("one two three", 10)).toBe("one two three");
  expect(folded("one two", undefined)).toBe("one two");
});

describe("how a check ends", () => {
  test.each([
    [1, ["gs-call"]],
    [0, ["gs-call", "--exit-zero"]],
    [2, ["missing", "--exit-zero"]],
    [1, ["gs-call", "--fail-on", "fails"]],
    [0, ["fs-stack-b", "--fail-on", "fails"]],
    [1, ["fs-stack-b", "--fail-on", "may-fail"]],
    [2, ["fs-stack-b", "--fail-on", "never"]],
    [2, ["fs-stack-b", "--fail-on", "fails", "--exit-zero"]],
  ])("%i for %j", async (expected, args) => {
    expect((await sandfit(["check", ...args], inFolder)).exitCode).toBe(expected);
  });
});

test("--quiet prints what was found, in one line each, and nothing else", async () => {
  expect(await sandfit(["check", "--quiet", "healthy"], inFolder)).toEqual({ stdout: "", stderr: "", exitCode: 0 });
  expect((await sandfit(["check", "-q", "healthy", "gs-call", "missing"], inFolder)).stdout.split("\n")).toEqual([
    expect.stringMatching(/^gs-call: will not run/),
    expect.stringMatching(/^error missing cannot be opened/),
    "",
  ]);
  expect(await sandfit(["fix", "--quiet", "gs-call", "-o", "quiet.out"], inFolder)).toMatchObject({ stdout: "", exitCode: 0 });
});

test("fix says what it did in one line, and --list has the edits", async () => {
  const { stdout } = await sandfit(["fix", "gs-call"], inFolder);
  expect(stdout).toBe(
    "gs-call: 17 edits, 17 bytes (x86-64); wrote gs-call.gvisor (gs-call is unchanged); the way back is in gs-call.gvisor.sandfit-undo.json\n",
  );
  const listed = (await sandfit(["fix", "--list", "--force", "gs-call"], inFolder)).stdout;
  expect(listed.split("\n").filter((line) => line.includes("tls-in-gs, "))).toHaveLength(17);
});

describe("--color, in front of the command and behind it", () => {
  test.each([
    [["--color", "always", "check", "gs-call"], {}, true],
    [["check", "--color=always", "gs-call"], {}, true],
    [["check", "--color", "always", "gs-call"], { NO_COLOR: "1" }, true],
    [["check", "--color", "never", "gs-call"], { FORCE_COLOR: "1" }, false],
    [["check", "--color", "auto", "gs-call"], { FORCE_COLOR: "1" }, true],
  ])("%j with %j", async (args, env, coloured) => {
    const { stdout } = await sandfit(args, { cwd: folder, env: env as Record<string, string> });
    expect(stdout !== stripVTControlCharacters(stdout)).toBe(coloured);
  });

  test("refuses other words", async () => {
    expect(await sandfit(["check", "--color", "pink", "gs-call"], inFolder)).toMatchObject({ stdout: "", exitCode: 2 });
  });
});

test("--format github is one annotation for each file with findings, and nothing for the others", async () => {
  writeSample(folder, "gs-call", "odd,name:x%");
  const { stdout, exitCode } = await sandfit(
    ["check", "--format", "github", "odd,name:x%", "fs-stack-b", "healthy", "nono"],
    inFolder,
  );
  expect(exitCode).toBe(2);
  expect(stdout.split("\n")).toEqual([
    expect.stringMatching(/^::error file=odd%2Cname%3Ax%25,title=Sandfit \(tls-in-gs\)::odd,name:x%25: will not run in gVisor/),
    expect.stringMatching(/^::warning file=fs-stack-b,title=Sandfit \(stack-growsdown\)::/),
    expect.stringMatching(/^::error file=nono,title=Sandfit%3A cannot be read::/),
    "",
  ]);
});

test("a reader of the help that has enough is no error", async () => {
  for (const what of ["--help", "--version", "check --help"])
    expect((await shell(`"$@" ${what} | true`, folder)).stderr).toBe("");
});
