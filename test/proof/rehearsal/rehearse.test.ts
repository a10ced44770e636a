/** `sandfit rehearse`: sample programs and everyday programs under each release's refusals, as root and as an ordinary user. */

import { chmodSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filterFor } from "../../../src/environments/rehearsal/bpf.js";
import { execute } from "../../../src/environments/run/execute.js";
import { hostRunsLinux } from "../../../src/environments/run/sandbox.js";
import { ranReleaseIds } from "../../../src/gvisor/gvisor.js";
import { repairByHand, sampleProgram } from "../../fixtures/programs/index.js";
import { command } from "../../support/cli.js";
import { describeNeeding } from "../../support/requirements.js";
import { sharedFolder, USERS } from "../../support/user.js";

const folder = sharedFolder();
const temporary = join(folder, "tmp");
beforeAll(async () => {
  await execute(["mkdir", "-m", "777", temporary]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function place(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  chmodSync(path, 0o755);
  return path;
}

for (const [who, user] of USERS)
  describeNeeding(hostRunsLinux(), "plain Linux on x86-64")(`as ${who}`, () => {
    const rehearse = (release: string, words: readonly string[], stdin?: string) =>
      execute([...user, process.execPath, command, "rehearse", "--release", release, "--", ...words], {
        env: { PATH: "/usr/local/bin:/usr/bin:/bin", TMPDIR: temporary },
        cwd: folder,
        ...(stdin !== undefined && { stdin }),
      });

    describe.each(ranReleaseIds)("release %s", (release) => {
      test.each(["gs-call", "gs-threads", "dual-register", "gs-pie"])("%s crashes", async (name) => {
        const run = await rehearse(release, [place(name, sampleProgram(name).bytes)]);
        expect(run).toMatchObject({ signal: "SIGSEGV", startError: undefined });
      });
      test.each(["gs-call", "gs-threads", "gs-pie"])("%s, repaired by hand, runs", async (name) => {
        const program = sampleProgram(name);
        const run = await rehearse(release, [place(`${name}.fixed`, repairByHand(program))]);
        expect(run).toMatchObject({ exitCode: 0, stdout: program.expectedStdout, stderr: "" });
      });
      // A filter cannot keep a stack from growing: said by --explain, found by `check`.
      test.each(["fs-stack-b", "healthy", "fs-threads"])("%s runs", async (name) => {
        const program = sampleProgram(name);
        const run = await rehearse(release, [place(name, program.bytes)]);
        expect(run).toMatchObject({ exitCode: 0, stdout: program.expectedStdout });
      });
      test("the refused call is there at once and the launcher is removed", async () => {
        expect(await rehearse(release, ["/bin/sh", "-c", "cat; echo error >&2; exit 7"], "input")).toMatchObject({
          exitCode: 7,
          stdout: "input",
          stderr: "error\n",
        });
        expect(readdirSync(temporary)).toEqual([]);
      });
    });

    test("forks, threads, subprocesses and a filter of the program's own", async () => {
      // Workers (threads), a subprocess, and under it a rehearsal within the rehearsal: a second filter.
      const script = `const { Worker } = require("node:worker_threads"); const { execFileSync } = require("node:child_process");
      new Worker("require('node:worker_threads').parentPort.postMessage(6 * 7)", { eval: true }).on("message", (n) =>
        console.log(n, execFileSync(process.execPath, [${JSON.stringify(command)}, "rehearse", "--", "echo", "inner"]).toString().trim()));`;
      expect(await rehearse("2022-12", [process.execPath, "-e", script])).toMatchObject({ exitCode: 0, stdout: "42 inner\n" });
    });

    test("what cannot be started has a shell's exit code; a file in no format goes to sh", async () => {
      expect(await rehearse("newest", ["/nowhere/program"])).toMatchObject({ exitCode: 127 });
      expect(await rehearse("newest", [folder])).toMatchObject({ exitCode: 126 });
      expect(await rehearse("newest", [place("script", new TextEncoder().encode("echo $1\n")), "one"])).toMatchObject({
        exitCode: 0,
        stdout: "one\n",
      });
      expect(await rehearse("2019-01", ["true"])).toMatchObject({ exitCode: 2 });
    });
  });

test.each(ranReleaseIds)("the filter for %s fits the kernel's limit of 4,096 instructions", (release) => {
  expect(filterFor(release, 0n).length / 8).toBeLessThan(2048);
  expect(readdirSync(tmpdir()).filter((name) => name === "rehearse")).toEqual([]);
});
