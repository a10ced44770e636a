/** The skill for coding agents: in place by one command, and every command in it does what it says there. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { execute } from "../../src/environments/run/execute.js";
import { expectSentence, sandfit, command as sandfitFile, temporaryFolder, writeSample } from "../support/cli.js";
import { pose } from "../support/tools.js";

const skill = readFileSync(new URL("../../skills/sandfit/SKILL.md", import.meta.url), "utf8");
const folder = temporaryFolder();

test("its front matter has a name and a description that fits", () => {
  const [, front] = /^---\n([\s\S]*?)\n---\n/.exec(skill)!;
  const fields = Object.fromEntries(front.split("\n").map((line) => /^(\w+): (.*)$/.exec(line)!.slice(1)));
  expect(Object.keys(fields)).toEqual(["name", "description"]);
  expect(fields["name"]).toBe("sandfit");
  expect(fields["description"].length).toBeLessThanOrEqual(1024);
});

describe("sandfit skill", () => {
  test("prints it", async () => {
    expect(await sandfit(["skill"])).toEqual({ stdout: skill, stderr: "", exitCode: 0 });
  });
  test("--install puts it in place, again too, and over nothing else", async () => {
    const skills = join(folder, "agent/skills");
    const path = join(skills, "sandfit/SKILL.md");
    const program = join(skills, "sandfit/sandfit.cjs");
    for (const _time of [1, 2]) {
      expect(await sandfit(["skill", "--install", skills])).toEqual({
        stdout: `wrote ${path}\nwrote ${program}\n`,
        stderr: "",
        exitCode: 0,
      });
      expect(readFileSync(path, "utf8")).toBe(skill);
    }
    const alone = await execute([process.execPath, program, "skill", "--install", skills], { env: {} });
    expect(alone).toMatchObject({ exitCode: 0, stderr: "" });
    writeFileSync(program, "mine\n");
    expectSentence(await sandfit(["skill", "--install", skills]), /sandfit\.cjs exists already and is not Sandfit's/);
    writeFileSync(path, "mine\n");
    expectSentence(await sandfit(["skill", "--install", skills]), /exists already and is not Sandfit's/);
    expect(readFileSync(path, "utf8")).toBe("mine\n");
    expectSentence(await sandfit(["skill", "--install", path]), /cannot be read: a part of its path is no folder/);
  });
});

/** Lines of the shell blocks, without their comments. */
const commands = [...skill.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block]) => block.split("\n"))
  .map((line) => line.replace(/\s+#.*$/, ""))
  .filter(Boolean);

/** The exit code of each with a faulty program on plain Linux. */
const CODES: Readonly<Record<string, readonly number[]>> = {
  "sandfit run --trace -- make": [0],
  "sandfit check ./program": [1],
  "sandfit fix --in-place ./program": [0],
  make: [0],
  'sandfit fix ./copy -o "$PWD/fixed"': [0],
  '"$PWD/fixed"': [0],
  "sandfit probe": [0],
  "sandfit tools": [0, 1],
  "sandfit differences": [0],
};

test("its commands run as they stand, in this order", async () => {
  const work = join(folder, "work");
  mkdirSync(work);
  writeSample(work, "gs-call", "program");
  writeSample(work, "gs-call", "copy");
  writeFileSync(join(work, "Makefile"), "all:\n\t@./program\n");
  pose(join(folder, "bin/sandfit"), `exec "${process.execPath}" "${sandfitFile}" "$@"`);
  const env = { PATH: `${join(folder, "bin")}:/usr/bin:/bin`, HOME: folder };
  expect(commands).toEqual(Object.keys(CODES));
  for (const line of commands) {
    const run = await execute(["/bin/sh", "-c", line], { cwd: work, env });
    expect(CODES[line], `${line}: ${run.stderr}`).toContain(run.exitCode);
  }
  const inWords = [...skill.matchAll(/`sandfit (\w+)/g)].map(([, name]) => name);
  const { stdout: help } = await sandfit(["--help"]);
  for (const name of new Set(inWords)) expect(help).toMatch(new RegExp(`^ {2}${name} `, "m"));
});

test("what it says of packing and of the exception is taken", async () => {
  writeSample(join(folder, "work"), "gs-dlopen");
  const cwd = join(folder, "work");
  expect((await sandfit(["fix", "gs-dlopen"], { cwd })).exitCode).toBe(1);
  expect((await sandfit(["fix", "gs-dlopen", "--keep-dlopen"], { cwd })).exitCode).toBe(0);
  expect((await sandfit(["pack", ".", "-o", join(folder, "OUT.tar.gz"), "--keep-dlopen"], { cwd })).exitCode).toBe(0);
});
