/** A rehearsal and the gVisor release that it stands for answer small system calls alike. The exceptions are in docs/rehearsal.md. */

import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Outcome } from "../../../src/asm/small-test.js";
import { probeProgram, readOutcomes } from "../../../src/environments/probe/program.js";
import { rehearsalCommand } from "../../../src/environments/rehearsal/rehearse.js";
import { execute } from "../../../src/environments/run/execute.js";
import { errnoName } from "../../../src/gvisor/errno.js";
import type { RanReleaseId, ReleaseId } from "../../../src/gvisor/gvisor.js";
import { smallProbes } from "../../fixtures/small-probes.js";
import { gvisorBoxes } from "../../support/evidence.js";
import { testNeeding } from "../../support/requirements.js";
import { sharedFolder } from "../../support/user.js";

const folder = sharedFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const program = join(folder, "small");
writeFileSync(program, probeProgram(smallProbes));
chmodSync(program, 0o755);

/** What is known to differ, with the reason in docs/rehearsal.md: in every release, and in one. */
const EXCEPTIONS = ["ptrace(GET_SYSCALL_INFO)", "shmget(SHM_HUGETLB)", "epoll_pwait2"];
const EXCEPTIONS_IN: Readonly<Partial<Record<ReleaseId, readonly string[]>>> = {
  "2022-12": ["io_uring_setup", "io_uring_enter"],
};

function say(outcome: Outcome | undefined): string {
  if (!outcome) return "nothing";
  if (outcome.signal !== undefined) return `signal ${outcome.signal}`;
  return outcome.value < 0n && outcome.value > -4096n ? errnoName(Number(-outcome.value)) : "ok";
}

test("there are at least 40 small probes, each with a name of its own", () => {
  expect(new Set(smallProbes.map(({ id }) => id)).size).toBe(smallProbes.length);
  expect(smallProbes.length).toBeGreaterThan(40);
});

describe("rehearsal and gVisor agree", () => {
  for (const { name, sandbox, release } of gvisorBoxes) {
    testNeeding(sandbox !== undefined, "that gVisor")(name, async () => {
      const real = readOutcomes(smallProbes, (await execute([program], { sandbox: sandbox!, cwd: folder })).stdout);
      const rehearsal = await rehearsalCommand([program], release.id as RanReleaseId);
      const run = await execute(rehearsal.command, { cwd: folder });
      rehearsal.dispose();
      const rehearsed = readOutcomes(smallProbes, run.stdout);
      const exceptions = [...EXCEPTIONS, ...(EXCEPTIONS_IN[release.id] ?? [])];
      const compared = smallProbes.filter((probe) => !exceptions.includes(probe.id));
      const list = (outcomes: ReadonlyMap<string, Outcome>) =>
        compared.map((probe) => `${probe.id}: ${say(outcomes.get(probe.id))}`);
      expect(list(rehearsed)).toEqual(list(real));
    });
  }
});
