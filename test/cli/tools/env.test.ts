/** The env.sh that `sandfit tools --env` writes, sourced by every shell that it is for. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { execute } from "../../../src/environments/run/execute.js";
import { expectSentence, sandfit, temporaryFolder, writeSample } from "../../support/cli.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";
import { cosmoLua, pose, poseAsNoPackages } from "../../support/tools.js";

const folder = temporaryFolder();
const home = join(folder, "it's a home");
const envFile = join(home, "my env.sh");
const first = join(folder, "first");
const set = join(folder, "a set");
const env = { PATH: `${first}:/usr/bin:/bin`, HOME: folder };

beforeAll(async () => {
  mkdirSync(home);
  // Each folder has one that works and one that does not, so no order of folders would do.
  pose(join(first, "lua"), "exit 1");
  pose(join(first, "thing"), 'case $1 in --version) echo thing 1.0;; *) printf "first[%s]" "$@";; esac');
  pose(join(set, "bin/thing"), "exit 1");
  pose(join(set, "bin/lua"), `case "$1" in path) echo "$LUA_PATH";; esac; ${cosmoLua("cosmo works\\n")}`);
  mkdirSync(join(set, "lib/lua"), { recursive: true });
  writeSample(first, "ape-fs");
  poseAsNoPackages(first);
  const run = await sandfit(["tools", "lua", "thing", "ape-fs", "nosuchthing", "--from", set, "--env", envFile], { env });
  expect(run).toMatchObject({ stderr: "", exitCode: 1 });
});

const SHELLS = [
  ["bash", ["bash", "--norc"]],
  ["zsh", ["zsh", "-f"]],
  ["dash", ["dash"]],
  ["busybox", ["busybox", "sh"]],
] as const;

describe.each(SHELLS)("%s", (program, shell) => {
  const run = (script: string, more: Record<string, string> = {}) =>
    execute([...shell, "-c", script, "sh", envFile], { cwd: "/", env: { ...env, ...more } });
  const has = testNeeding(hasProgram(program), program);

  has("each tool leads to its own best one, with its arguments as they are", async () => {
    const { stdout, stderr, exitCode } = await run(`set -eu; . "$1"; lua -v; thing 'a  b' '' '*'; ape-fs; command -v lua`);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(stdout).toMatch(/^Lua 5\.4\.6.*\nfirst\[a {2}b\]first\[\]first\[\*\]ape-fs/);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(`${envFile}.bin/lua`);
  });
  has("twice is as once, and an empty PATH is no obstacle", async () => {
    expect((await run('. "$1"; . "$1"; echo "$PATH"')).stdout).toBe(`${envFile}.bin:${env.PATH}\n`);
    expect((await run('unset PATH; . "$1"; echo "$PATH"')).stdout).toBe(`${envFile}.bin\n`);
    expect((await run('. "$1"; set')).stdout).not.toContain("sandfit_bin=");
  });
  has("a toolset's lua finds its modules, in front of those that the user set", async () => {
    const own = `${set}/lib/lua/?.lua;${set}/lib/lua/?/init.lua`;
    expect((await run('. "$1"; lua path')).stdout).toContain(`${own};;\n`);
    expect((await run('. "$1"; lua path', { LUA_PATH: "/mine/?.lua" })).stdout).toContain(`${own};/mine/?.lua\n`);
  });
});

test("only what works is in it", () => {
  expect(readdirSync(`${envFile}.bin`).sort()).toEqual(["ape-fs", "lua", "thing"]);
  expect(readdirSync(home).sort()).toEqual(["my env.sh", "my env.sh.bin"]);
});

test("its own scripts are not taken for providers, so it can be written anew from within", async () => {
  const before = readFileSync(`${envFile}.bin/thing`, "utf8");
  const within = { ...env, PATH: `${envFile}.bin:${env.PATH}` };
  const { stdout, exitCode } = await sandfit(["tools", "thing", "--json", "--env", envFile], { env: within });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout).tools[0].best).toBe(join(first, "thing"));
  expect(readFileSync(`${envFile}.bin/thing`, "utf8")).toBe(before);
});

test("a file of somebody else's is left alone", async () => {
  const other = join(folder, "other.sh");
  writeFileSync(other, "export MINE=1\n");
  expectSentence(
    await sandfit(["tools", "thing", "--env", other], { env }),
    /other\.sh exists already and was not written by Sandfit/,
  );
  expect(readFileSync(other, "utf8")).toBe("export MINE=1\n");
  expect(existsSync(`${other}.bin`)).toBe(false);
});

test("a folder that PATH cannot hold is refused", async () => {
  mkdirSync(join(folder, "a:b"));
  expectSentence(await sandfit(["tools", "thing", "--env", join(folder, "a:b/env.sh")], { env }), /a colon in its name/);
  expect(readdirSync(join(folder, "a:b"))).toEqual([]);
});
