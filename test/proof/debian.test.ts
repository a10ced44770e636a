/**
 * No false alarm over a whole Debian installation: whatever `check` calls unable to run is of a kind that is listed here with the
 * reason, and of those that can be started each is shown not to run in gVisor.
 */

import { existsSync } from "node:fs";
import { expect } from "vitest";
import type { FileReport, Report } from "../../src/check/model.js";
import { execute } from "../../src/environments/run/execute.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { sandfit, temporaryFolder } from "../support/cli.js";
import { testNeeding } from "../support/requirements.js";
import { conforming } from "../support/schema.js";

const FOLDERS = ["/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/lib", "/usr/lib32", "/usr/libx32", "/usr/local/bin", "/opt"];

/** Why a finding that fails is right, by rule. A rule that is not here is a false alarm until a run has shown otherwise. */
const EXPLAINED: Readonly<Record<string, string>> = {
  "wrong-class": "programs and libraries of 32-bit or foreign machines (cross compilers, multilib): execve answers ENOEXEC",
  "gs-beside-fs": "Wine, and Firefox from 136, which open at start what uses %gs beside %fs",
};
/** They do not come so far with `--version`. `test/proof/wine.test.ts` runs Wine. */
const RUN_ELSEWHERE: readonly string[] = ["gs-beside-fs"];

const { present } = await findSandboxes();
const boxes = present.filter((box) => box.kind === "runsc");
const cwd = temporaryFolder();

const failing = (file: FileReport) =>
  file.views.flatMap((view) =>
    view.findings.filter(({ effects }) => Object.values(effects).some((one) => one.consequence === "fails")),
  );

testNeeding(existsSync("/etc/debian_version"), "Debian")("what is called failing is explained, and fails", async () => {
  const folders = FOLDERS.filter((folder) => existsSync(folder));
  const { stdout } = await sandfit(["check", "--json", ...folders], { patience: 540_000 });
  const files = conforming<Report>("report-1", stdout).files.filter((file): file is FileReport => !("error" in file));
  expect(files.length).toBeGreaterThan(600);
  const alarms = files.filter((file) => failing(file).length > 0);
  expect(
    alarms.flatMap((file) =>
      failing(file)
        .filter(({ rule }) => !(rule in EXPLAINED))
        .map(({ rule }) => `${file.name}: ${rule}`),
    ),
  ).toEqual([]);
  const startable = alarms.filter(
    (file) =>
      failing(file).some(({ rule }) => !RUN_ELSEWHERE.includes(rule)) &&
      file.views.some((view) => /executable|dynamic PIE|static PIE/.test(view.type)),
  );
  for (const { name } of startable) {
    for (const sandbox of boxes) {
      const run = await execute([name, "--version"], { sandbox, cwd, timeout: 20_000 });
      expect([name, sandbox.id, run.startError !== undefined || run.exitCode !== 0]).toEqual([name, sandbox.id, true]);
    }
  }
});
