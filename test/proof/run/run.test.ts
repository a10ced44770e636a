/** `sandfit run`, started for real: what passes through, and what it says about a crash, on the host and in every sandbox. */

import { spawn } from "node:child_process";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { execute } from "../../../src/environments/run/execute.js";
import { findSandboxes } from "../../../src/environments/run/sandboxes.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { command } from "../../support/cli.js";
import { folder, placed, sandfit, sandfitAsNobody } from "../../support/command.js";
import { isRoot, lackingSandboxes, testNeeding } from "../../support/requirements.js";

const { present, absent } = await findSandboxes();
const boxes = present.flatMap((box) => (box.kind === "runsc" ? [box] : []));
const missing = absent.filter((one) => !one.reason.startsWith("this release has no platform"));
const samples = ["gs-call", "fs-stack-b", "dual-register", "healthy"] as const;
const rules = { "gs-call": "tls-in-gs", "fs-stack-b": "stack-growsdown", "dual-register": "gs-beside-fs", healthy: "" };

describe("on the host", () => {
  test.each(samples)("%s runs as ever, and nothing is said", async (name) => {
    const run = await sandfit(["run", "--", placed(name)]);
    expect(run).toMatchObject({ exitCode: 0, stdout: sampleProgram(name).expectedStdout, stderr: "" });
  });
  test("an ordinary failure is passed on in silence", async () => {
    expect(await sandfit(["run", "--", "/bin/sh", "-c", "echo a; echo b >&2; exit 7"])).toMatchObject({
      exitCode: 7,
      stdout: "a\n",
      stderr: "b\n",
    });
  });
  test("a crash gives 128 + n and is said to be the program's own", async () => {
    const run = await sandfit(["run", "--", "/bin/sh", "-c", "kill -SEGV $$"]);
    expect(run.exitCode).toBe(139);
    expect(run.stderr).toMatch(/died of SIGSEGV\n[\s\S]*plain Linux/);
  });
  test.each([
    ["./absent", 127, /there is no file \.\/absent/],
    ["no-such-program-at-all", 127, /no program no-such-program-at-all in PATH/],
    ["/etc/passwd", 126, /permission denied/],
  ])("%s cannot be started", async (name, status, words) => {
    const run = await sandfit(["run", "--", name]);
    expect(run.exitCode).toBe(status);
    expect(run.stderr).toMatch(words);
  });
  test("SIGTERM is passed on, and not explained", async () => {
    const child = spawn(process.execPath, [command, "run", "--", "/bin/sh", "-c", "echo up; exec sleep 30"]);
    let errors = "";
    child.stderr.on("data", (data) => (errors += data));
    child.stdout.once("data", () => child.kill("SIGTERM"));
    const code = await new Promise((done) => child.on("close", done));
    expect([code, errors]).toEqual([143, ""]);
  });
  test("a program may take its time after SIGTERM, and ends as it likes", async () => {
    const slow = 'trap "sleep 6; echo graceful; exit 3" TERM; echo up; sleep 30 & wait; wait';
    const child = spawn(process.execPath, [command, "run", "--", "/bin/sh", "-c", slow]);
    let said = "";
    child.stdout.on("data", (data) => (said += data));
    child.stdout.once("data", () => child.kill("SIGTERM"));
    expect(await new Promise((done) => child.on("exit", done))).toBe(3);
    expect(said).toBe("up\ngraceful\n");
  });
  describe.each([
    ["run", []],
    ["run --trace", ["--trace"]],
  ])("%s", (_, options) => {
    const signals = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGWINCH", "SIGCONT", "SIGTERM"] as const;
    test.each(signals)("%s reaches the program", async (signal) => {
      const name = signal.slice(3);
      const script = `trap "echo got ${name}; exit 9" ${name}; echo up; while :; do sleep 0.1; done`;
      const child = spawn(process.execPath, [command, "run", ...options, "--", "/bin/sh", "-c", script]);
      let said = "";
      child.stdout.on("data", (data) => (said += data));
      child.stdout.once("data", () => child.kill(signal));
      expect(await new Promise((done) => child.on("close", done))).toBe(9);
      expect(said).toBe(`up\ngot ${name}\n`);
    });
    test("ends when the program ends, whatever that leaves behind", async () => {
      const left = `4322.${process.pid}`;
      const run = await sandfit(["run", ...options, "--", "/bin/sh", "-c", `sleep ${left} >/dev/null 2>&1 & exit 4`]);
      expect(run).toMatchObject({ exitCode: 4, stdout: "", stderr: "" });
      expect(run.duration).toBeLessThan(50_000);
    });
  });
  test("--trace: what cannot be found is 127 as ever", async () => {
    expect((await sandfit(["run", "--trace", "--", "/no/such/program"])).exitCode).toBe(127);
  });
  test("what stands behind the first word is the program's", async () => {
    const run = await sandfit(["run", "/bin/echo", "-V", "--trace", "--", "--help"]);
    expect(run).toMatchObject({ exitCode: 0, stdout: "-V --trace -- --help\n" });
  });
  testNeeding(isRoot, "root")("as nobody", () => {
    const run = sandfitAsNobody(["run", "--", placed("gs-call")]);
    expect(run).toMatchObject({ status: 0, stdout: sampleProgram("gs-call").expectedStdout, stderr: "" });
  });
  test("a rehearsal crashes and is explained", async () => {
    const run = await sandfit(["run", "--in", "rehearsal", "--", placed("gs-call")]);
    expect(run.exitCode).toBe(139);
    expect(run.stderr).toMatch(/tls-in-gs[\s\S]*rehearsal of gVisor[\s\S]*sandfit fix/);
  });
  test.each([
    [["run"], /missing required argument/],
    [["run", "--in", "prison", "--", "true"], /--in prison is neither/],
    [["run", "--in", "rehearsal=1999", "--", "true"], /no release 1999/],
    [["run", "--platform", "ptrace", "--", "true"], /goes with --in gvisor/],
    [["run", "--in", "gvisor=/bin/false", "--", "true"], /no gVisor can be used here/],
  ])("bad use: %j", async (args, words) => {
    const run = await sandfit(args);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(words);
  });
});

describe.each(boxes.map((box) => [box.id, box] as const))("%s", (_, box) => {
  const into = ["run", "--in", `gvisor=${box.runsc}`, "--platform", box.platform];
  test.each(samples)("%s, put into it and run from inside", async (name) => {
    const { expectedStdout, gvisor } = sampleProgram(name);
    const fate = gvisor[box.platform === "ptrace" ? "ptrace" : "systrap"];
    for (const run of [await sandfit([...into, "--", placed(name)]), await sandfit(["run", "--", placed(name)], box)]) {
      if (fate !== "crashes") expect([run.signal ?? run.exitCode, run.stderr]).toEqual([0, ""]);
      else {
        expect(run.signal ?? run.exitCode).toSatisfy((how) => how === 139 || how === "SIGSEGV");
        expect(run.stderr).toContain("died of SIGSEGV");
        expect(run.stderr).toContain(rules[name]);
      }
      if (fate === "runs") expect(run.stdout).toBe(expectedStdout);
    }
  });
  test("--trace shows the refused call and the place", async () => {
    for (const run of [
      await sandfit([...into, "--trace", "--", placed("fs-stack-b")]),
      await sandfit(["run", "--trace", "--", placed("fs-stack-b")], box),
    ]) {
      expect(run.stderr).toMatch(/mmap\(.*MAP_GROWSDOWN/);
      expect(run.stderr).toMatch(/--- SIGSEGV \{si_signo=SIGSEGV, .*si_addr=0x/);
      expect(run.stderr).toMatch(/where +0x40[0-9a-f]+ \(file offset/);
    }
    if (box.platform !== "ptrace") return;
    const run = await sandfit([...into, "--trace", "--", placed("gs-call")]);
    expect(run.stderr).toMatch(/arch_prctl\(ARCH_SET_GS, 0x[0-9a-f]+\) = -1 EINVAL\n +--- SIGSEGV/);
    expect(run.stderr).toMatch(/mov %gs:0x30,%rax {2}in main/);
  });
  test("an APE cannot be executed, and what to do is said", async () => {
    const run = await sandfit([...into, "--", placed("ape-fs")]);
    expect(run.exitCode).toBe(126);
    expect(run.stderr).toMatch(/ENOEXEC: it is an APE[\s\S]*sh .*ape-fs/);
  });
  test("the same with --trace", async () => {
    const run = await sandfit([...into, "--trace", "--", placed("ape-fs")]);
    expect(run.exitCode).toBe(126);
    expect(run.stderr).toMatch(/could not be started\n[\s\S]*execve\(.*= -1 ENOEXEC/);
  });
  test("what was probed there stands beside the rule", async () => {
    const run = await sandfit(["run", "--", placed("fs-stack-b")], box);
    expect(run.stderr).toMatch(/rule +(may be why: )?stack-growsdown in [\s\S]*probed +growsdown here: SIGSEGV/);
  });
  testNeeding(isRoot, "root")("a mode that nobody may read is why nobody cannot start it", async () => {
    const path = placed("healthy");
    chmodSync(path, 0o711);
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", process.execPath, command];
    const run = await execute([...nobody, "run", "--", path], { sandbox: box, cwd: folder, timeout: 55_000 });
    expect(run.exitCode).toBe(126);
    expect(run.stderr).toMatch(/why +this user may execute it and not read it.*exec-only-mode/);
  });
  test("a child that died is found in what the shell is told to run", async () => {
    const run = await sandfit([...into, "--", "/bin/sh", "-c", `${placed("fs-stack-b")}; exit $?`]);
    expect(run.exitCode ?? run.signal).toSatisfy((how) => how === 139 || how === "SIGSEGV");
    expect(run.stderr).toMatch(/stack-growsdown.* in .*fs-stack-b/);
  });
});

lackingSandboxes(missing);

const corpus = process.env["SANDFIT_CORPUS"];
describe("SANDFIT_CORPUS", () => {
  const make = join(corpus ?? "", "assimilated/make-863bcf66c99e");
  test.skipIf(corpus === undefined || !existsSync(make) || boxes.length === 0)("the crash of make is explained", async () => {
    const makefile = join(folder, "Makefile");
    writeFileSync(makefile, "all:\n\t@echo hello\n");
    for (const box of boxes) {
      const run = await sandfit(["run", "--in", `gvisor=${box.runsc}`, "--platform", box.platform, "--", make, "-f", makefile]);
      expect(run.stdout, box.id).toBe(box.platform === "ptrace" ? "" : "hello\n");
      expect(run.exitCode, box.id).not.toBe(0);
      expect(run.stderr, box.id).toMatch(/tls-in-gs[\s\S]*sandfit fix/);
    }
  });
});
