/** The GitHub Action without GitHub: its script with the files and variables that a runner gives it. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log } from "sarif";
import { beforeAll, describe, expect, test } from "vitest";
import { execute } from "../../src/environments/run/execute.js";
import { command, temporaryFolder, writeSample } from "../support/cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = temporaryFolder();
let count = 0;

beforeAll(() => {
  mkdirSync(join(folder, "set/bin"), { recursive: true });
  writeSample(join(folder, "set/bin"), "gs-call");
  writeSample(join(folder, "set/bin"), "healthy");
  writeSample(folder, "healthy");
  writeSample(folder, "fs-stack-b", "may|fail");
  execFileSync("tar", ["-czf", join(folder, "set.tar.gz"), "-C", folder, "set"]);
  writeFileSync(join(folder, "broken.tar.gz"), readFileSync(join(folder, "set.tar.gz")).subarray(0, 300));
});

interface Ended {
  readonly exitCode: number | undefined;
  readonly stderr: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
  sarif(): Log;
}

async function action(inputs: Readonly<Record<string, string>>): Promise<Ended> {
  const at = join(folder, `run-${count++}`);
  mkdirSync(at);
  const [summary, output, sarif] = ["summary.md", "output", "out.sarif"].map((name) => join(at, name));
  for (const file of [summary, output]) writeFileSync(file, "");
  const { PATH = "" } = process.env;
  const env = {
    PATH,
    HOME: at,
    SANDFIT_COMMAND: command,
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_OUTPUT: output,
    SANDFIT_SARIF: sarif,
  };
  const run = await execute([process.execPath, join(root, "scripts/action/check.mjs")], {
    cwd: folder,
    env: { ...env, ...inputs },
    timeout: 300_000,
  });
  const outputs = Object.fromEntries([...readFileSync(output, "utf8").matchAll(/^(\w+)=(.*)$/gm)].map((match) => match.slice(1)));
  return {
    exitCode: run.exitCode,
    stderr: run.stderr,
    summary: readFileSync(summary, "utf8"),
    outputs,
    sarif: () => JSON.parse(readFileSync(sarif, "utf8")),
  };
}

test("an archive with a faulty program fails the job, and says which and why", async () => {
  const { exitCode, summary, outputs, sarif } = await action({ SANDFIT_PATHS: "set.tar.gz\n\nhealthy\n" });
  expect(exitCode).toBe(1);
  expect(outputs).toMatchObject({ outcome: "fails", findings: "1", verified: "" });
  expect(summary).toMatch(/^## Sandfit: 3 programs, 1 will not run, 0 may fail\n/);
  expect(summary).toContain("| program | systrap | ptrace | kvm | after `sandfit fix` | rules |\n");
  expect(summary).toContain(
    "| set.tar.gz\\!/set/bin/gs-call | **will not run** | **will not run** | **will not run** | nothing found | tls-in-gs |\n",
  );
  expect(summary).toContain("\nFor gVisor 2026-09.\n");
  const [result] = sarif().runs[0].results!;
  expect(result.locations![0].physicalLocation!.artifactLocation!.uri).toBe("set.tar.gz!/set/bin/gs-call");
});

describe("fail-on", () => {
  test.each([
    ["set", "none", 0],
    ["healthy", "may-fail", 0],
    ["may|fail", "may-fail", 1],
    ["may|fail", "fails", 0],
  ])("%s with %s", async (paths, failOn, expected) => {
    const { exitCode, summary } = await action({
      SANDFIT_PATHS: paths,
      SANDFIT_FAIL_ON: failOn,
      SANDFIT_TARGET: "newest/ptrace",
    });
    expect(exitCode).toBe(expected);
    expect(summary).not.toMatch(/may\|fail/);
  });
});

test("what cannot be read ends with 2, and is in every output", async () => {
  const { exitCode, outputs, summary, sarif } = await action({
    SANDFIT_PATHS: "broken.tar.gz\nhealthy",
    SANDFIT_FAIL_ON: "none",
  });
  expect(exitCode).toBe(2);
  expect(outputs["outcome"]).toBe("error");
  expect(summary).toContain("**error**");
  expect(sarif().runs[0].invocations![0].executionSuccessful).toBe(false);
});

test("nothing looked at ends with 2", async () => {
  mkdirSync(join(folder, "texts"), { recursive: true });
  writeFileSync(join(folder, "texts/a.txt"), "text\n");
  const { exitCode, outputs, stderr } = await action({ SANDFIT_PATHS: "texts", SANDFIT_FAIL_ON: "none" });
  expect(exitCode).toBe(2);
  expect(outputs["outcome"]).toBe("error");
  expect(stderr).toContain("sandfit: no programs found in texts\n");
});

test.each([
  [{ SANDFIT_PATHS: " \n" }, "sandfit: paths names nothing to check\n"],
  [{ SANDFIT_PATHS: "healthy", SANDFIT_FAIL_ON: "never" }, 'sandfit: fail-on is "never"; it can be none, may-fail, fails\n'],
  [{ SANDFIT_PATHS: "healthy", SANDFIT_VERIFY: "yes" }, 'sandfit: verify is "yes"; it can be true, false\n'],
])("%j is refused", async (inputs, sentence) => {
  expect(await action(inputs as Record<string, string>)).toMatchObject({ exitCode: 2, stderr: sentence, summary: "" });
});

test("with verify the programs are started, as they are and fixed", async () => {
  const good = await action({ SANDFIT_PATHS: "healthy", SANDFIT_VERIFY: "true" });
  expect(good).toMatchObject({ exitCode: 0, outputs: { verified: "true" } });
  expect(good.summary).toMatch(/\| program \| host \|.* rehearsal-2024-07 \|[\s\S]*\| healthy \| exit 0 \| exit 0 \|/);
  const bad = await action({ SANDFIT_PATHS: "set.tar.gz", SANDFIT_VERIFY: "true" });
  expect(bad).toMatchObject({ exitCode: 1, outputs: { verified: "false" } });
  expect(bad.summary).toMatch(/gs-call \| exit 0 → exit 0 \|.* \*\*(SIGSEGV|exit \d+)\*\* → exit 0 \|/);
}, 300_000);

test("action.yml hands every input to the script, and every output out", () => {
  const text = readFileSync(join(root, "action.yml"), "utf8");
  const script = readFileSync(join(root, "scripts/action/check.mjs"), "utf8");
  const inputs = [...text.matchAll(/\$\{\{ inputs\.([\w-]+) \}\}/g)].map(([, name]) => name).sort();
  const declared = [...text.split("outputs:")[0].matchAll(/^ {2}([\w-]+):$/gm)].map(([, name]) => name).sort();
  expect(inputs).toEqual(declared);
  for (const [, name] of text.matchAll(/(SANDFIT_\w+): \$/g)) expect(script).toContain(`env.${name}`);
  const outputs = [...text.matchAll(/steps\.check\.outputs\.(\w+)/g)].map(([, name]) => name).sort();
  expect(outputs).toEqual(["findings", "outcome", "sarif", "verified"]);
});
