/** Running programs: how they end, what they write, and that nothing of them is left, on the host and in every sandbox. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { describeEnding, sameEnding, signalOfCode } from "../../../src/environments/run/ending.js";
import { type ExecuteOptions, type Execution, execute } from "../../../src/environments/run/execute.js";
import { descendants } from "../../../src/environments/run/processes.js";
import { findSandboxes } from "../../../src/environments/run/sandboxes.js";
import { testNeeding } from "../../support/requirements.js";

const folder = mkdtempSync(join(tmpdir(), "sandfit-run-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { present, absent } = await findSandboxes();

describe.each(present.map((sandbox) => [sandbox.id, sandbox] as const))("%s", (_, sandbox) => {
  const sh = (script: string, options: ExecuteOptions = {}): Promise<Execution> =>
    execute(["/bin/sh", "-c", script], { sandbox, timeout: 20_000, ...options });

  test("exit code, standard output and standard error", async () => {
    const run = await sh("echo out; echo err >&2; exit 3");
    expect(run).toMatchObject({ exitCode: 3, signal: undefined, stdout: "out\n", stderr: "err\n", timedOut: false });
  });

  test.each(["SEGV", "ILL", "ABRT", "KILL"] as const)("SIG%s is a signal everywhere", async (signal) => {
    expect(await sh(`kill -${signal} $$`)).toMatchObject({ exitCode: undefined, signal: `SIG${signal}`, stderr: "" });
  });

  test("standard input arrives whole, and is empty without any", async () => {
    const big = "x".repeat(300_000);
    expect((await execute(["/bin/cat"], { sandbox, stdin: big })).stdout).toBe(big);
    expect(await execute(["/bin/cat"], { sandbox })).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("a program that does not read its input is no error", async () => {
    expect(await execute(["/bin/true"], { sandbox, stdin: "x".repeat(300_000) })).toMatchObject({ exitCode: 0 });
  });

  test("bytes are kept as they are", async () => {
    const run = await sh("printf '\\377\\000\\200'");
    expect([...run.stdoutBytes]).toEqual([0xff, 0, 0x80]);
  });

  test("working directory and environment", async () => {
    const run = await execute(["/bin/sh", "-c", "echo $(pwd) $A; echo $B"], {
      sandbox,
      cwd: folder,
      env: { A: "1", PATH: "/usr/bin:/bin" },
    });
    expect(run.stdout).toBe(`${folder} 1\n\n`);
  });

  test("files of the machine are seen; what is written stays inside a sandbox", async () => {
    const file = join(folder, `seen-${sandbox.id}`);
    writeFileSync(file, "here");
    expect((await sh(`cat ${file}; echo more >${file}.new`)).stdout).toBe("here");
    expect(existsSync(`${file}.new`)).toBe(sandbox.kind === "host");
  });

  test("a program that is not there", async () => {
    const run = await execute([join(folder, "absent")], { sandbox });
    expect(run.startError).toMatch(/ENOENT|no such file/);
    expect(run).toMatchObject({ exitCode: undefined, signal: undefined, stderr: "" });
  });

  test("an exit code of 128 is no failure of the sandbox", async () => {
    expect(await sh("echo 'starting container: no' >&2; exit 128")).toMatchObject({
      exitCode: 128,
      startError: undefined,
      stderr: "starting container: no\n",
    });
  });

  test("the time limit ends a whole tree that does not want to end", async () => {
    const mark = `${7_000_000 + Math.floor(Math.random() * 1e6)}`;
    const run = await sh(`trap '' TERM INT HUP; sleep ${mark} & setsid sleep ${mark} & sh -c 'trap "" TERM; sleep ${mark}; :'`, {
      timeout: 1500,
    });
    expect(run).toMatchObject({ timedOut: true, signal: "SIGKILL", exitCode: undefined });
    expect(run.duration).toBeLessThan(15_000);
    await gone(mark);
  });

  test("what is left in the background does not hold things up", async () => {
    const mark = `${8_000_000 + Math.floor(Math.random() * 1e6)}`;
    const run = await sh(`sleep ${mark} & echo done`);
    expect(run).toMatchObject({ exitCode: 0, stdout: "done\n" });
    expect(run.duration).toBeLessThan(15_000);
    await gone(mark);
  });

  test("the output limit ends a program that never stops writing", async () => {
    const run = await execute(["yes"], { sandbox, maxOutput: 100_000, timeout: 20_000 });
    expect(run).toMatchObject({ outputExceeded: true, timedOut: false });
    expect(run.stdoutBytes.length).toBe(100_000);
  });

  test("output up to the limit is no excess", async () => {
    const run = await sh("printf 12345", { maxOutput: 5 });
    expect(run).toMatchObject({ outputExceeded: false, exitCode: 0, stdout: "12345" });
  });
});

test("no sandbox is left over", () => {
  expect(
    descendants(process.pid)
      .map(commandLine)
      .filter((line) => line.includes("runsc")),
  ).toEqual([]);
});

describe("endings", () => {
  const base = { exitCode: undefined, signal: undefined, timedOut: false, outputExceeded: false, startError: undefined };
  test("in words", () => {
    expect(describeEnding({ ...base, exitCode: 0 })).toBe("exit 0");
    expect(describeEnding({ ...base, signal: "SIGSEGV" })).toBe("SIGSEGV");
    expect(describeEnding({ ...base, signal: "SIGKILL", timedOut: true })).toBe("timeout");
    expect(describeEnding({ ...base, startError: "ENOENT" })).toBe("not started: ENOENT");
  });
  test("a shell's way to report a signal is that signal", () => {
    expect(signalOfCode(139)).toBe("SIGSEGV");
    expect(signalOfCode(128)).toBeUndefined();
    expect(sameEnding({ ...base, exitCode: 139 }, { ...base, signal: "SIGSEGV" })).toBe(true);
    expect(sameEnding({ ...base, exitCode: 1 }, { ...base, exitCode: 0 })).toBe(false);
  });
});

describe("sandboxes", () => {
  test("are found once and then remembered", async () => {
    expect(await findSandboxes()).toBe(await findSandboxes());
  });
  test("a runsc that cannot run is absent, with the reason", async () => {
    const path = join(folder, "runsc");
    writeFileSync(path, '#!/bin/sh\necho runsc version 0.0~20250101.0; [ "$1" = --version ] || exit 1\n', { mode: 0o755 });
    const found = await findSandboxes({ runsc: [path], platforms: ["ptrace"] });
    expect(found.absent).toEqual([{ id: "20250101-ptrace", reason: "/bin/true ended with 1" }]);
  });
  test("kvm is never among them unasked", () => {
    expect([...present, ...absent].filter(({ id }) => id.includes("kvm"))).toEqual([]);
  });
  testNeeding(existsSync("/opt/gvisor/20221219/runsc"), "gVisor of 2022-12")(
    "the release of 2022 lacks systrap, which is no failure",
    () => {
      expect(absent).toContainEqual({ id: "20221219-systrap", reason: "this release has no platform systrap" });
    },
  );
});

/** A moment is allowed for the kernel to take processes away. */
async function gone(mark: string): Promise<void> {
  const left = (): string[] =>
    execFileSync("ps", ["-eo", "stat,args"], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes(mark) && !/^Z/.test(line));
  for (let i = 0; i < 20 && left().length > 0; i++) await new Promise((done) => setTimeout(done, 100));
  expect(left()).toEqual([]);
}

function commandLine(pid: number): string {
  try {
    return execFileSync("ps", ["-o", "args=", "-p", `${pid}`], { encoding: "utf8" });
  } catch {
    return "";
  }
}
