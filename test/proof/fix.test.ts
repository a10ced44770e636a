/** The proof of every fix: the original fails in gVisor as recorded, and what Sandfit writes runs there and on the host. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check/check.js";
import { type Execution, execute } from "../../src/environments/run/execute.js";
import type { Sandbox } from "../../src/environments/run/sandbox.js";
import { openFile } from "../../src/files/file-source.js";
import { forward } from "../../src/fix/apply.js";
import { type PlanOptions, planFix } from "../../src/fix/plan.js";
import { readImage } from "../../src/image/detect.js";
import { writePatched } from "../../src/write/replace.js";
import { type SampleProgram, samplePrograms } from "../fixtures/programs/index.js";
import { boxes, recordOrCompare, rulesIn } from "../support/evidence.js";
import { testNeeding } from "../support/requirements.js";

const folder = mkdtempSync(join(tmpdir(), "sandfit-proof-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

describe.each(boxes.map((box) => [box.name, box] as const))("%s", (_box, { id, sandbox }) => {
  testNeeding(sandbox !== undefined, id).each(programs.map((program) => [program.name, program] as const))(
    "%s",
    async (name, program) => {
      const { original, fixed } = await files(program, id);
      const before = await run(program.start === "shell" ? ["/bin/sh", original] : [original], sandbox!);
      // The result is an ELF, whatever the original was: it starts without a shell.
      const after = await run([fixed], sandbox!);
      expect({ after: isRight(after, program), stderr: after.stderr }).toEqual({ after: true, stderr: "" });
      if (sandbox!.kind === "host") expect(isRight(before, program)).toBe(true);
      const outcome = isRight(before, program) ? "runs" : "fails";
      recordOrCompare("fix", name, sandbox!, { rules: await rulesIn(program.bytes, sandbox!), original: outcome, fixed: "runs" });
    },
  );
});
