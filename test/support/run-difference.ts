/** Runs the probes of records in one start of a sandbox, or on this machine in namespaces of its own. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probeProgram, readOutcomes } from "../../src/environments/probe/program.js";
import { execute } from "../../src/environments/run/execute.js";
import type { Sandbox } from "../../src/environments/run/sandbox.js";
import { answerOf } from "../../src/gvisor/differences/answer.js";
import type { Difference } from "../../src/gvisor/differences/define.js";

/** Answer by id. */
export type Answers = Record<string, string>;

/**
 * On this machine: new mount, network, IPC, UTS and process namespaces, loopback up, so that nothing of the machine's is touched and
 * "no network" is no difference.
 */
const APART = ["unshare", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child"];

/** What each of these records' probes answers there, in their order. */
export async function runProbes(records: readonly Difference[], sandbox: Sandbox): Promise<Answers> {
  const answers: Answers = {};
  const together = records.filter(({ probe }) => !probe.alone);
  const alone = records.filter(({ probe }) => probe.alone).map((one) => [one]);
  for (const some of [together, ...alone].filter(({ length }) => length > 0)) Object.assign(answers, await start(some, sandbox));
  return Object.fromEntries(records.map(({ id }) => [id, answers[id]]));
}

async function start(records: readonly Difference[], sandbox: Sandbox): Promise<Answers> {
  const tests = records.map(({ id, probe }) => ({ id, test: probe.steps }));
  const folder = mkdtempSync(join(tmpdir(), "sandfit-differences-"));
  try {
    const program = join(folder, "probe");
    writeFileSync(program, probeProgram(tests), { mode: 0o755 });
    const command = sandbox.kind === "host" ? [...APART, "/bin/sh", "-c", "ip link set lo up && exec ./probe"] : [program];
    const run = await execute(command, { sandbox, cwd: folder, timeout: 50_000 });
    const outcomes = readOutcomes(tests, run.stdout);
    if (run.exitCode !== 0 || outcomes.size !== tests.length)
      throw new Error(`${sandbox.id}: ${outcomes.size} of ${tests.length} answers, exit code ${run.exitCode}: ${run.stderr}`);
    return Object.fromEntries(records.map((one) => [one.id, answerOf(one, outcomes.get(one.id)!)]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
