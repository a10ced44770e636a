/** The main job on a faulty program that Sandfit assembles itself: check, fix, check again, and run both wherever it can. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { checkCommand } from "../src/cli/commands/check.js";
import { fixCommand } from "../src/cli/commands/fix.js";
import { hostRunsLinux } from "../src/environments/run/sandbox.js";
import { verify } from "../src/environments/verify.js";
import { plain } from "../src/report/paint.js";
import { renderVerify } from "../src/report/verify.js";
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
  await checkCommand([relative(folder, original)], { target: "newest" });
  console.log("\n$ sandfit fix program");
  await fixCommand(relative(folder, original), { as: "elf" });
  console.log("\n$ sandfit check program.gvisor");
  await checkCommand([relative(folder, fixed)], { target: "newest" });

  console.log("\n$ sandfit verify program program.gvisor");
  process.exitCode = await verifyHere(relative(folder, original), relative(folder, fixed));
}

/** Runs both on the host, in rehearsals and in every gVisor there is. Returns the exit code. */
async function verifyHere(original: string, fixed: string): Promise<number> {
  if (!hostRunsLinux()) {
    console.log("not run here: this machine runs no x86-64 Linux programs");
    return 0;
  }
  const report = await verify(original, fixed, { args: [], timeout: 30_000, maxOutput: 1 << 20 });
  console.log(renderVerify(report, plain));
  // Inside a sandbox there is no plain Linux to compare with.
  return report.passed === false ? 1 : 0;
}
