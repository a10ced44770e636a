/** Standard output and error that are full, closed or read no further, and few descriptors: a sentence or silence, and the right exit code. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expectSentence, shell, temporaryFolder, writeSample } from "../support/cli.js";

const top = temporaryFolder();

function fresh(): string {
  const cwd = mkdtempSync(join(top, "case-"));
  writeSample(cwd, "gs-call", "p");
  return cwd;
}

const commands = ["--help", "--version", "fix --help", "rules", "check p", "check --json p", "fix --dry-run p", "report p"];

describe("standard output", () => {
  test.each(commands)("that is full: a sentence, of %s", async (args) => {
    const outcome = await shell(`"$@" ${args} > /dev/full`, fresh());
    expectSentence(outcome, /^sandfit: standard output cannot be written: the disk is full$/);
  });

  test.each(commands)("that nobody reads, or that is closed: no stack, of %s", async (args) => {
    const cwd = fresh();
    // The reader is gone before the first byte: the pipe is opened by both, then closed by it.
    const unread = await shell(`mkfifo pipe; exec 3<> pipe 4> pipe; "$@" ${args} 2>&1 >&4 4>&- 3>&-; echo "rc $?"`, cwd);
    expect(unread.stdout).toMatch(/^rc [01]\n$/);
    const closed = await shell(`"$@" ${args} >&- 2> said; echo "rc $?"; cat said`, cwd);
    expect(closed.stdout).toMatch(/^rc [012]\n(sandfit: [^\n]*\n)?$/);
  });
});

describe("standard error", () => {
  test("that is full or closed does not change the exit code", async () => {
    const cwd = fresh();
    for (const to of ["2> /dev/full", "2>&-"]) {
      for (const args of ["check", "undo p", "fix nothing", "rules nothing", "--nothing"]) {
        const { stdout } = await shell(`"$@" ${args} ${to}; echo "rc $?"`, cwd);
        expect(stdout, `${args} ${to}`).toMatch(/^rc 2\n$/);
      }
    }
  });
});

test("with few descriptors there is a sentence and exit code 2, never that of findings", async () => {
  const cwd = fresh();
  writeFileSync(join(cwd, "empty.cjs"), "");
  const seen: (number | undefined)[] = [];
  for (let limit = 15; limit <= 26; limit++) {
    // With fewer Node cannot read any program, and says so in its own way.
    const canStart = spawnSync("bash", ["-c", `ulimit -n ${limit}; "$0" empty.cjs`, process.execPath], { cwd }).status === 0;
    if (!canStart) continue;
    for (const args of ["check p", "fix p --force --list"]) {
      const { stdout, stderr, exitCode } = await shell(`ulimit -n ${limit}; "$@" ${args}`, cwd);
      seen.push(exitCode);
      if (exitCode === 2) expect(stderr + stdout, `${limit}`).toMatch(/^[^\n]*too many open files[^\n]*\n$/);
      else
        expect({ exitCode, stderr, works: stdout.includes("tls-in-gs") }).toEqual({
          exitCode: args === "check p" ? 1 : 0,
          stderr: "",
          works: true,
        });
    }
  }
  expect(seen).toContain(0);
});
