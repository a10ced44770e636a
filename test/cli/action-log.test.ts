/** What the action prints into the job's log, and the names that it takes. */

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
// @ts-expect-error: a script without types
import { expanded } from "../../scripts/action/glob.mjs";
import { command, temporaryFolder, writeSample } from "../support/cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = temporaryFolder();
mkdirSync(join(folder, "o/deep/deeper"), { recursive: true });
writeSample(join(folder, "o"), "gs-call", "lua");
writeSample(join(folder, "o/deep"), "healthy", "tool.elf");
writeSample(join(folder, "o/deep/deeper"), "healthy", "other.elf");
writeFileSync(join(folder, "o/hi.sh"), "#!/bin/sh\necho hi\n", { mode: 0o755 });

function action(inputs: Record<string, string>) {
  const { PATH, HOME } = process.env;
  const files = { GITHUB_STEP_SUMMARY: join(folder, "summary.md"), SANDFIT_SARIF: join(folder, "out.sarif") };
  writeFileSync(files.GITHUB_STEP_SUMMARY, "");
  return spawnSync(process.execPath, [join(root, "scripts/action/check.mjs")], {
    cwd: folder,
    env: { PATH, HOME, SANDFIT_COMMAND: command, ...files, ...inputs },
    encoding: "utf8",
  });
}

test("the log has the result, a line a program, and an annotation for each that will not run", () => {
  const { stdout, status } = action({ SANDFIT_PATHS: "o/*" });
  expect(status).toBe(1);
  expect(stdout.split("\n")).toEqual([
    "Sandfit: 4 programs, 1 will not run, 0 may fail",
    "o/deep/deeper/other.elf  nothing found",
    "o/deep/tool.elf          nothing found",
    "o/hi.sh                  nothing found",
    "o/lua                    will not run   runs after fix  tls-in-gs",
    expect.stringMatching(/^::error file=o\/lua,title=Sandfit \(tls-in-gs\)::o\/lua: will not run in gVisor \(x86-64\); /),
    "",
  ]);
});

test.each([
  ["o/*.elf", []],
  ["o/*/*.elf", ["o/deep/tool.elf"]],
  ["o/**/*.elf", ["o/deep/deeper/other.elf", "o/deep/tool.elf"]],
  ["o/l?a", ["o/lua"]],
  ["./o/l*", ["o/lua"]],
  ["o/lua", ["o/lua"]],
  ["no/such", ["no/such"]],
  ["no/*", []],
])("%s", (pattern, names) => {
  const here = process.cwd();
  process.chdir(folder);
  try {
    expect(expanded(pattern)).toEqual(names);
  } finally {
    process.chdir(here);
  }
});

test("a pattern that nothing fits is one sentence and exit code 2", () => {
  expect(action({ SANDFIT_PATHS: "dist/*.tar.gz" })).toMatchObject({
    status: 2,
    stdout: "",
    stderr: "sandfit: paths: nothing is called dist/*.tar.gz\n",
  });
});

test("the tag for workflows has the built command, and leaves the work tree alone", () => {
  const clone = join(folder, "clone");
  const git = (...args: string[]) => {
    const names = ["-c", "user.name=x", "-c", "user.email=x@x"];
    return spawnSync("git", [...names, ...args], { cwd: clone, encoding: "utf8" }).stdout.trim();
  };
  for (const name of ["scripts/action", "package.json", "action.yml", ".gitignore"])
    cpSync(join(root, name), join(clone, name), { recursive: true });
  mkdirSync(join(clone, "dist/command"), { recursive: true });
  for (const name of ["cli.cjs", "command/a.cjs", "index.js"]) writeFileSync(join(clone, "dist", name), "");
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "-m", "x");
  const env = {
    ...process.env,
    GIT_AUTHOR_NAME: "x",
    GIT_AUTHOR_EMAIL: "x@x",
    GIT_COMMITTER_NAME: "x",
    GIT_COMMITTER_EMAIL: "x@x",
  };
  const run = spawnSync(join(clone, "scripts/action/tag.sh"), { cwd: clone, encoding: "utf8", env });
  expect(run).toMatchObject({ stderr: "", status: 0, stdout: expect.stringMatching(/^action-v\d/) });
  expect(git("ls-tree", "-r", "--name-only", run.stdout.trim(), "dist").split("\n")).toEqual([
    "dist/cli.cjs",
    "dist/command/a.cjs",
  ]);
  expect(git("status", "--porcelain")).toBe("");
  expect(
    readdirSync(join(clone, "dist"))
      .map((name) => relative("", name))
      .sort(),
  ).toEqual(["cli.cjs", "command", "index.js"]);
});
