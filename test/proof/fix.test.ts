/** The proof of every fix: the original fails in gVisor as its record says, and what Sandfit writes runs there and on the host. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check.js";
import { openFile } from "../../src/disk/file-source.js";
import { writePatched } from "../../src/disk/replace.js";
import { forward } from "../../src/fix/apply.js";
import { type PlanOptions, planFix } from "../../src/fix/plan.js";
import { readImage } from "../../src/image/detect.js";
import { type Execution, execute } from "../../src/run/execute.js";
import type { Sandbox } from "../../src/run/sandbox.js";
import { findSandboxes } from "../../src/run/sandboxes.js";
import { fateIn, type SampleProgram, samplePrograms } from "../fixtures/programs/index.js";

const folder = mkdtempSync(join(tmpdir(), "sandfit-proof-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MATRIX = ["host", "20221219-ptrace", "20240729-systrap", "20240729-ptrace", "20260905-systrap", "20260905-ptrace"];
const { present, absent } = await findSandboxes();
const others = present.map((box) => box.id).filter((id) => !MATRIX.includes(id));
const programs = samplePrograms().filter((program) => program.repaired === "runs");

/** Writes the original and what `sandfit fix` makes of it; both executable. */
async function files(program: SampleProgram, id: string): Promise<{ original: string; fixed: string }> {
  const original = join(folder, `${id}-${program.name}`);
  const fixed = `${original}.gvisor`;
  writeFileSync(original, program.bytes, { mode: 0o755 });
  const source = memorySource(program.bytes, program.name);
  // Its cosmo_dlopen is not proven, and it does not call it.
  const options: PlanOptions = program.name === "gs-dlopen" ? { allow: ["cosmo-dlopen"] } : {};
  const plan = await planFix(source, await readImage(source), await check(source), options);
  const file = openFile(original);
  await writePatched(file, fixed, forward(plan.edits), { overwrite: true, prove: async () => {} });
  file.close();
  return { original, fixed };
}

function run(command: readonly string[], sandbox: Sandbox): Promise<Execution> {
  return execute(command, { sandbox, timeout: 30_000, cwd: folder, env: { PATH: "/usr/bin:/bin", TMPDIR: folder } });
}

const isRight = (execution: Execution, program: SampleProgram) =>
  execution.exitCode === program.expectedExit && execution.signal === undefined && execution.stdout === program.expectedStdout;

describe.each([...MATRIX, ...others])("%s", (id) => {
  const sandbox = present.find((box) => box.id === id);
  const why = absent.find((other) => other.id === id)?.reason ?? "not installed";
  test.skipIf(sandbox === undefined).each(programs.map((program) => [program.name, program] as const))(
    `%s${sandbox === undefined ? ` (skipped: ${why})` : ""}`,
    async (_name, program) => {
      const { original, fixed } = await files(program, id);
      const before = await run(program.start === "shell" ? ["/bin/sh", original] : [original], sandbox!);
      // The result is an ELF, whatever the original was: it starts without a shell.
      const after = await run([fixed], sandbox!);
      expect({ before: isRight(before, program), after: isRight(after, program), stderr: after.stderr }).toEqual({
        before: fateIn(program, sandbox) === "runs",
        after: true,
        stderr: "",
      });
    },
  );
});
