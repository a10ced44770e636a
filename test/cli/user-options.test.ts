/** What stands behind the program is the program's, and `--version` is Sandfit's only as its first word: never a green nothing. */

import { expect, test } from "vitest";
import { sandfit, temporaryFolder, writeSample } from "../support/cli.js";

const folder = temporaryFolder();
writeSample(folder, "healthy", "make");
writeSample(folder, "healthy", "make.gvisor");

test.each([["--version"], ["-V"]])("%s as the first word", async (option) => {
  expect(await sandfit([option])).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

test.each([
  [["run", "/bin/echo", "--version"]],
  [["run", "--", "/bin/echo", "--version"]],
  [["rehearse", "/bin/echo", "--version"]],
])("%j hands it on", async (args) => {
  expect(await sandfit(args)).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^--version\n$|coreutils/) });
});

test.each([
  [["verify", "./make", "./make.gvisor", "--version"]],
  [["verify", "./make", "-V"]],
  [["verify", "--version", "./make", "./make.gvisor"]],
  [["tools", "make", "--version"]],
  [["report", "--run", "./make", "--version"]],
  [["fix", "./make", "--version"]],
  [["check", "./make", "--version"]],
])("%j does nothing, and says so", async (args) => {
  const { exitCode, stdout, stderr } = await sandfit(args, { cwd: folder });
  expect([exitCode, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/--version|-V/);
});
