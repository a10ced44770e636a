/** The proof of `--as ape`: started in every way in which an APE is started, everywhere; and what happens without one class. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Execution, execute } from "../../src/environments/run/execute.js";
import { HOST, type Sandbox } from "../../src/environments/run/sandbox.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { TRACE_LINE } from "../fixtures/programs/ape-programs.js";
import { type SampleProgram, sampleProgram } from "../fixtures/programs/index.js";
import { boxes, recordOrCompare, rulesIn } from "../support/evidence.js";
import { mdweLauncher } from "../support/portable/mdwe.js";
import { apply, type ClassName, planAs, without } from "../support/portable/repairs.js";
import { testNeeding } from "../support/requirements.js";

const folder = mkdtempSync(join(tmpdir(), "sandfit-portable-"));
// runsc of 2022 does not start in a folder that lies below one which others may not enter.
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { present } = await findSandboxes();

/** Each in a folder of its own, and with the argument on which it looks for its thread from code that is not rewritten. */
const programs = ["ape-gs-threads-a", "ape-gs-threads-b"].map(sampleProgram);
const TRACE = "--strace";

/** Ways to start a file called `x` in the current folder. */
const ways: Readonly<Record<string, readonly string[]>> = {
  "sh ./x": ["/bin/sh", "./x", TRACE],
  "bash -c ./x": ["/bin/bash", "-c", `./x ${TRACE}`],
  "./x, assimilated": ["./x", TRACE],
};

function run(command: readonly string[], place: string, sandbox: Sandbox): Promise<Execution> {
  return execute(command, { sandbox, timeout: 60_000, cwd: place, env: { PATH: "/usr/bin:/bin", TMPDIR: place } });
}

/** A new folder with a file `x`; made an ELF by the APE's own script where that is asked for. */
function placeWith(bytes: Uint8Array, assimilated = false): string {
  const place = mkdtempSync(join(folder, "place-"));
  chmodSync(place, 0o755);
  writeFileSync(join(place, "x"), bytes, { mode: 0o755 });
  if (assimilated) spawnSync("/bin/sh", ["./x", "--assimilate"], { cwd: place });
  return place;
}

const isRight = (execution: Execution, program: SampleProgram) =>
  execution.exitCode === 0 && execution.stdout === program.expectedStdout + TRACE_LINE;

describe.each(boxes.map((box) => [box.name, box] as const))("%s", (_box, { id, sandbox }) => {
  const inBox = testNeeding(sandbox !== undefined, id);
  const cases = programs.flatMap((program) => Object.keys(ways).map((way) => [program.name, way, program] as const));
  inBox.each(cases)("%s started as %s", async (_name, way, program) => {
    const isElf = way.endsWith("assimilated");
    const original = placeWith(program.bytes, isElf);
    const repaired = apply(program.bytes, await planAs(program.bytes, "ape"));
    const fixed = placeWith(repaired, isElf);
    const before = await run(ways[way], original, sandbox!);
    const after = await run(ways[way], fixed, sandbox!);
    expect({ before: isRight(before, program), after: isRight(after, program), stderr: after.stderr }).toEqual({
      before: sandbox!.kind === "host",
      after: true,
      stderr: "",
    });
  });

  const others = ["ape-gs-fat", "ape-gs-jartsr", "ape-gs-apedbg"].map((name) => [name, sampleProgram(name)] as const);
  inBox.each(others)("%s", async (name, program) => {
    const repaired = apply(program.bytes, await planAs(program.bytes, "ape"));
    const place = placeWith(repaired);
    const { exitCode, stdout } = await run(["/bin/sh", "./x"], place, sandbox!);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: program.expectedStdout });
    recordOrCompare("portable", `${name} as ape`, sandbox!, { rules: await rulesIn(repaired, sandbox!), original: "runs" });
  });
});

describe("without one class of edits", () => {
  const program = sampleProgram("ape-gs-threads-b");
  const half = async (missing: ClassName, sandbox: Sandbox, args: readonly string[]) => {
    const bytes = without(program.bytes, await planAs(program.bytes, "ape"), missing);
    return run(["/bin/sh", "./x", ...args], placeWith(bytes), sandbox);
  };
  // Through a shell the end of SIGSEGV arrives as its exit code.
  const CRASHED = { exitCode: 139 };

  test.each(["constants", "masks"] as const)("%s: dies on the host", async (missing) => {
    expect(await half(missing, HOST, [])).toMatchObject(CRASHED);
  });

  test("pairs: runs on the host, and dies where code that is not rewritten looks for its thread", async () => {
    expect(await half("pairs", HOST, [])).toMatchObject({ exitCode: 0, stdout: program.expectedStdout });
    expect(await half("pairs", HOST, [TRACE])).toMatchObject(CRASHED);
  });

  const ptrace = present.find((box) => box.id.endsWith("-ptrace"));
  testNeeding(ptrace !== undefined, "gVisor with ptrace")("pairs: so on ptrace", async () => {
    expect(await half("pairs", ptrace!, [])).toMatchObject({ exitCode: 0, stdout: program.expectedStdout });
    const { exitCode, signal } = await half("pairs", ptrace!, [TRACE]);
    expect(exitCode === 139 || signal === "SIGSEGV").toBe(true);
  });
});

describe("under PR_SET_MDWE", () => {
  const launcher = join(folder, "mdwe");
  writeFileSync(launcher, mdweLauncher(), { mode: 0o755 });
  // Linux 6.3 brought it.
  const isKnown = spawnSync(launcher, ["/bin/true"]).status === 0;
  testNeeding(isKnown, "Linux 6.3")("the original and the ELF run, and what rewrites itself dies at start", async () => {
    const program = sampleProgram("ape-gs-threads-b");
    const start = (bytes: Uint8Array) => run([launcher, "./x", TRACE], placeWith(bytes, true), HOST);
    const elf = apply(program.bytes, await planAs(program.bytes, "elf"));
    const ape = apply(program.bytes, await planAs(program.bytes, "ape"));
    expect(isRight(await start(program.bytes), program)).toBe(true);
    expect(isRight(await start(elf), program)).toBe(true);
    expect(await start(ape)).toMatchObject({ signal: "SIGSEGV", stdout: "" });
    // The way out that `check` names.
    expect(isRight(await start(apply(ape, await planAs(ape, "elf"))), program)).toBe(true);
  });
});
