/** `sandfit run --trace`, started for real: it ends with the command, leaves nothing of its own, and needs nothing but Node. */

import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { command } from "../support/cli.js";
import { folder, placed, sandfit, sandfitAsNobody } from "../support/command.js";
import { isRoot, testNeeding } from "../support/requirements.js";

const temporary = join(folder, "own-tmp");
const traced = (...words: string[]) => sandfit(["run", "--trace", "--", ...words]);

test("what runs well says nothing, and keeps its exit status", async () => {
  expect(await traced("/bin/sh", "-c", "echo a; echo b >&2; exit 7")).toMatchObject({
    exitCode: 7,
    stdout: "a\n",
    stderr: "b\n",
  });
});

test("a crash of a child is shown with its place, without strace", async () => {
  const run = await sandfit(["run", "--trace", "--", "/bin/sh", "-c", `PATH=; ${placed("fs-stack-b")}; kill -SEGV $$`]);
  expect(run.exitCode).toBe(139);
  expect(run.stderr).toMatch(/where +0x[0-9a-f]+[\s\S]*--- SIGSEGV \{si_signo=SIGSEGV, si_code=SI_USER\} ---/);
});

test("under a rehearsal", async () => {
  const run = await sandfit(["run", "--in", "rehearsal", "--trace", "--", placed("gs-call")]);
  expect(run.exitCode).toBe(139);
  expect(run.stderr).toMatch(/arch_prctl\(ARCH_SET_GS, 0x[0-9a-f]+\) = -1 EINVAL\n +--- SIGSEGV/);
});

test("a command that is not there", async () => {
  const run = await traced("./absent");
  expect(run.exitCode).toBe(127);
  expect(run.stderr).toMatch(/could not be started[\s\S]*there is no file \.\/absent/);
});

test("it ends with the command, and what that left in the background goes on", async () => {
  const file = join(folder, "left");
  const run = await traced("/bin/sh", "-c", `setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $! > ${file}`);
  expect(run.exitCode).toBe(0);
  const pid = Number(readFileSync(file, "utf8"));
  // It is still there, so nothing has waited for it.
  expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/TracerPid:\s+0/);
  process.kill(pid, "SIGKILL");
});

test("SIGTERM ends the command, and no file of the tracer's is left", async () => {
  mkdirSync(temporary, { recursive: true });
  const env = { ...process.env, TMPDIR: temporary };
  const child = spawn(process.execPath, [command, "run", "--trace", "--", "/bin/sh", "-c", "echo up; exec sleep 30"], { env });
  child.stdout.once("data", () => child.kill("SIGTERM"));
  const code = await new Promise((done) => child.on("close", done));
  expect(code).toBe(143);
  expect(readdirSync(temporary)).toEqual([]);
});

testNeeding(isRoot, "root")("as nobody", () => {
  writeFileSync(join(folder, "script"), "kill -SEGV $$\n", { mode: 0o755 });
  const run = sandfitAsNobody(["run", "--trace", "--", "/bin/sh", join(folder, "script")]);
  expect(run.status).toBe(139);
  expect(run.stderr).toMatch(/--- SIGSEGV/);
});
