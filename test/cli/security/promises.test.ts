/** What SECURITY.md promises of check, fix, undo, report and pack: they start nothing and connect to nothing. Seen by strace. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { command, temporaryFolder, writeSample } from "../../support/cli.js";
import { hasProgram, testNeeding } from "../../support/requirements.js";

const folder = temporaryFolder();
const withStrace = testNeeding(hasProgram("strace"), "strace");
const commands: readonly (readonly string[])[] = [
  ["check", "--all", "--why", "ape-gs", "gs-call", "."],
  ["fix", "ape-gs"],
  ["fix", "--in-place", "gs-call"],
  ["undo", "gs-call"],
  ["report", "."],
  ["pack", "toolset", "-o", "packed.tar.gz", "--keep-going"],
  ["rules"],
];

/** Runs `sandfit ARGS` and returns the lines of the system calls. */
function trace(calls: string, args: readonly string[]): string[] {
  const output = join(folder, "..", `${folder.split("/").at(-1)}.strace`);
  const { status, stderr } = spawnSync(
    "strace",
    ["-f", "-qq", "-o", output, "-e", `trace=${calls}`, process.execPath, command, ...args],
    {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], TMPDIR: folder },
    },
  );
  expect(stderr).not.toContain("this is a bug");
  expect([0, 1]).toContain(status);
  const lines = readFileSync(output, "utf8").split("\n");
  rmSync(output);
  return lines.filter((line) => /^\d+ +\w+\(/.test(line));
}

function prepare(): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  writeSample(folder, "ape-gs");
  writeSample(folder, "gs-call");
  mkdirSync(join(folder, "toolset"));
  writeSample(join(folder, "toolset"), "ape-gs");
}

test("every test that SECURITY.md names is there", () => {
  const root = new URL("../../../", import.meta.url);
  const named = [...readFileSync(new URL("SECURITY.md", root), "utf8").matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});

describe.each(commands.map((args) => [args.join(" "), args] as const))("sandfit %s", (_, args) => {
  withStrace("starts no program", () => {
    prepare();
    if (args[0] === "undo") spawnSync(process.execPath, [command, "fix", "--in-place", "gs-call"], { cwd: folder });
    const starts = trace("execve,execveat,fork,vfork,clone,clone3", args);
    expect(
      starts.filter((line) => line.includes("execve")),
      "only node itself",
    ).toHaveLength(1);
    expect(starts.filter((line) => /\b(v?fork\(|clone3?\()/.test(line) && !line.includes("CLONE_THREAD"))).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.startsWith(".") || name.startsWith("sandfit-"))).toEqual([]);
  });

  withStrace("connects to nothing and listens to nobody else", () => {
    prepare();
    if (args[0] === "undo") spawnSync(process.execPath, [command, "fix", "--in-place", "gs-call"], { cwd: folder });
    const network = trace("socket,connect,bind,sendto,sendmsg", args);
    // The lock (files/lock.ts) is a name without a file; nothing is ever sent through it.
    const isLock = (line: string) => /socket\(AF_UNIX|bind\(\d+, \{sa_family=AF_UNIX, sun_path=@"sandfit-/.test(line);
    expect(network.filter((line) => !isLock(line))).toEqual([]);
    if (args[0] === "fix") expect(network.length).toBeGreaterThan(0);
  });
});
