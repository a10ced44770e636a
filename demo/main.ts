/** The main job on a faulty program that Sandfit assembles itself: check, fix, check again, and run both wherever it can. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { checkCommand } from "../src/cli/check.js";
import { fixCommand } from "../src/cli/fix.js";
import { describeEnding } from "../src/run/ending.js";
import { execute } from "../src/run/execute.js";
import { findSandboxes } from "../src/run/sandboxes.js";
import { sampleProgram } from "../test/fixtures/programs/index.js";

const program = sampleProgram("gs-stack-b");
const folder = mkdtempSync(join(tmpdir(), "sandfit-demo-"));
process.chdir(folder);
try {
  await demonstrate();
} finally {
  process.chdir(tmpdir());
  rmSync(folder, { recursive: true, force: true });
}

async function demonstrate(): Promise<void> {
  const original = join(folder, "program");
  const fixed = `${original}.gvisor`;
  writeFileSync(original, program.bytes);
  chmodSync(original, 0o755);
  console.log(`A program as Cosmopolitan v4.0 builds them, assembled just now (${program.bytes.length} bytes):`);
  console.log(`thread state through %gs, a second thread, a stack that has to grow.\n`);

  console.log("$ sandfit check program");
  await checkCommand([relative(folder, original)], { all: false, why: false, json: false, target: "newest" });
  console.log("\n$ sandfit fix program");
  await fixCommand(relative(folder, original), { inPlace: false, force: false, dryRun: false, json: false });
  console.log("\n$ sandfit check program.gvisor");
  await checkCommand([relative(folder, fixed)], { all: false, why: false, json: false, target: "newest" });

  console.log("\nBoth, run here:");
  const { present, absent } = await findSandboxes();
  let failures = 0;
  for (const sandbox of present) {
    const before = await execute([original], { sandbox, timeout: 30_000 });
    const after = await execute([fixed], { sandbox, timeout: 30_000 });
    const isRight = after.exitCode === program.expectedExit && after.stdout === program.expectedStdout;
    if (!isRight) failures++;
    console.log(`  ${sandbox.id.padEnd(18)} original: ${describe(before).padEnd(36)} fixed: ${describe(after)}`);
  }
  for (const { id, reason } of absent) console.log(`  ${id.padEnd(18)} not run here: ${reason}`);
  if (present.length === 0) console.log("  nothing: this machine runs no x86-64 Linux programs");
  if (failures > 0) {
    console.log(`\nThe fixed program did not do its job in ${failures} of them.`);
    process.exitCode = 1;
  }
}

function describe(execution: Awaited<ReturnType<typeof execute>>): string {
  const right =
    execution.stdout === program.expectedStdout ? "right output" : execution.stdout === "" ? "no output" : "wrong output";
  return `${describeEnding(execution)}, ${right}`;
}
