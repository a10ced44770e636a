/** What the rules without an edit advise: under qemu's user mode their programs do in every sandbox what they do on the host. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check/check.js";
import { execute } from "../../src/environments/run/execute.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { remedyOf } from "../../src/report/finding-words.js";
import { sampleProgram } from "../fixtures/programs/index.js";
import { temporaryFolder } from "../support/cli.js";
import { hasProgram, testNeeding } from "../support/requirements.js";

const QEMU = "qemu-x86_64-static";
const samples = ["dual-register", "wrgsbase", "wrfsbase", "gs-selector", "gs-selector-pop", "gs-selector-lgs"] as const;
/** Repaired by an edit, but where it is refused. */
const others = ["jump-to-syscall", "gs-every-form", "gs-threads", "gs-dlopen"] as const;
const folder = temporaryFolder();
const placed = (name: string) => join(folder, name);
for (const name of [...samples, ...others]) writeFileSync(placed(name), sampleProgram(name).bytes, { mode: 0o755 });

const sandboxes = (await findSandboxes()).present.filter(({ kind }) => kind === "runsc");

test.each(samples)("%s is told to run under qemu-user", async (name) => {
  const { views } = await check(memorySource(sampleProgram(name).bytes, name));
  const remedies = views.flatMap((view) => view.findings).map(remedyOf);
  expect(remedies.some((remedy) => remedy.includes(`\`${QEMU} PROGRAM\``))).toBe(true);
});

const withBoth = testNeeding(hasProgram(QEMU) && sandboxes.length > 0, `${QEMU} and runsc`);
for (const name of [...samples, ...others]) {
  withBoth(`${name} runs in qemu on the host and in every sandbox, and fails without it in one at least`, async () => {
    const { exitCode, stdout } = await execute([placed(name)]);
    expect(exitCode).toBe(0);
    expect((await execute([QEMU, placed(name)])).stdout).toBe(stdout);
    const failed: string[] = [];
    for (const sandbox of sandboxes) {
      const plain = await execute([placed(name)], { sandbox });
      if (plain.exitCode !== 0 || plain.stdout !== stdout) failed.push(sandbox.id);
      const emulated = await execute([QEMU, placed(name)], { sandbox });
      expect([sandbox.id, emulated.exitCode, emulated.stdout]).toEqual([sandbox.id, 0, stdout]);
    }
    expect(failed).not.toEqual([]);
  });
}
