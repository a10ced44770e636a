/** Completions and the manual page, in the shells and readers for which they are. */

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sandfit, temporaryFolder } from "../support/cli.js";

const folder = temporaryFolder();
const isHere = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** Every command and option that --help shows. */
async function declared(): Promise<{ commands: string[]; checkOptions: string[] }> {
  const { stdout } = await sandfit(["--help"]);
  const commands = [...stdout.split("Commands:")[1].matchAll(/^ {2}([a-z-]+) \[/gm)].map(([, name]) => name);
  const { stdout: check } = await sandfit(["check", "--help"]);
  return {
    commands: commands.filter((name) => name !== "help"),
    checkOptions: [...new Set(check.match(/--[a-z][a-z-]+(?= |,)/g))],
  };
}

async function scriptFor(shell: string): Promise<string> {
  const { stdout, exitCode } = await sandfit(["completion", shell]);
  expect(exitCode).toBe(0);
  const path = join(folder, shell);
  writeFileSync(path, stdout);
  return path;
}

test.each(["bash", "zsh", "fish"])("the script for %s knows every command and option", async (shell) => {
  const { stdout } = await sandfit(["completion", shell]);
  const { commands, checkOptions } = await declared();
  expect(commands.length).toBeGreaterThan(10);
  for (const name of commands) expect(stdout).toMatch(new RegExp(`\\b${name}\\b`));
  for (const option of checkOptions.filter((name) => name !== "--why"))
    expect(stdout).toContain(shell === "fish" ? ` -l ${option.slice(2)} ` : option);
  expect(stdout).not.toMatch(/check-worker|man-page/);
});

describe("bash", () => {
  const completed = (script: string, ...words: string[]): string[] => {
    const line = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _sandfit; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", line, "bash", script, ...words], { encoding: "utf8" })
      .split("\n")
      .filter(Boolean);
  };

  test.each([
    [["sandfit", "ch"], ["check"]],
    [["sandfit", "check", "--fo"], ["--format"]],
    [["sandfit", "check", "--format", "s"], ["sarif"]],
    [
      ["sandfit", "fix", "--as", ""],
      ["elf", "ape"],
    ],
    [
      ["sandfit", "completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["sandfit", "check", "some"], []],
  ])("%j", async (words, expected) => {
    expect(completed(await scriptFor("bash"), ...words)).toEqual(expected);
  });
});

test.skipIf(!isHere("zsh"))("zsh takes its script", async () => {
  const run = spawnSync(
    "zsh",
    ["-fc", 'autoload -U compinit; compinit -u -D; source "$1"; whence -w _sandfit', "zsh", await scriptFor("zsh")],
    {
      encoding: "utf8",
      env: { ...process.env, HOME: folder },
    },
  );
  expect(run).toMatchObject({ stdout: "_sandfit: function\n", stderr: "", status: 0 });
});

test.skipIf(!isHere("fish"))("fish takes its script", async () => {
  expect(spawnSync("fish", ["--no-execute", await scriptFor("fish")], { encoding: "utf8" })).toMatchObject({
    stderr: "",
    status: 0,
  });
});

test("another shell is refused in one sentence", async () => {
  const { stdout, stderr, exitCode } = await sandfit(["completion", "csh"]);
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
  expect(stderr).toMatch(/bash, zsh, fish/);
});

describe("the manual page", () => {
  test("has every command, the exit codes and the environment, and is what the build wrote", async () => {
    const { stdout } = await sandfit(["man-page"]);
    for (const name of (await declared()).commands) expect(stdout).toContain(`.SS "sandfit ${name.replaceAll("-", "\\-")} `);
    expect(stdout).toMatch(/\.SH EXIT CODES\n[\s\S]*127[\s\S]*\.SH ENVIRONMENT\n[\s\S]*NO_COLOR/);
  });

  const readers = [
    ["man", ["-l"]],
    ["mandoc", ["-T", "lint", "-W", "error"]],
  ] as const;
  test.each(readers.filter(([name]) => isHere(name)))("%s reads it without complaint", async (reader, args) => {
    const path = join(folder, "sandfit.1");
    writeFileSync(path, (await sandfit(["man-page"])).stdout);
    const run = spawnSync(reader, [...args, path], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], MANWIDTH: "80", MANPAGER: "cat", LC_ALL: "C.UTF-8" },
    });
    expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: "" });
    if (reader === "man" && existsSync("/usr/bin/groff")) expect(run.stdout).toMatch(/sandfit check \[options\] <file/);
  });
});
