/** `sandfit probe`, started for real: on this machine, in a rehearsal, and inside every gVisor release and platform there is. */

import { existsSync, readdirSync, rmSync } from "node:fs";
import { afterAll, describe, expect } from "vitest";
import { probeEnvironment } from "../../src/environments/probe/environment.js";
import { placeProgram } from "../../src/environments/probe/place.js";
import { execute } from "../../src/environments/run/execute.js";
import { hostRunsLinux } from "../../src/environments/run/sandbox.js";
import { consequenceIn } from "../../src/gvisor/behaviour.js";
import { releaseFiles } from "../../src/gvisor/releases.js";
import type { Environment } from "../../src/report/environment.js";
import { rules } from "../../src/rules/index.js";
import { command } from "../support/cli.js";
import { gvisorBoxes } from "../support/evidence.js";
import { isRoot, testNeeding } from "../support/requirements.js";
import { conforming } from "../support/schema.js";
import { sharedFolder, USERS } from "../support/user.js";

const folder = sharedFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bites = (environment: Environment, id: string): boolean | undefined =>
  environment.probes.find((probe) => probe.id === id)?.bites;
const probed = rules.filter((rule) => rule.probe !== undefined);
const onLinux = testNeeding(existsSync("/proc/mounts") && hostRunsLinux(), "plain Linux on x86-64");
const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };

describe.each(USERS)("on this machine as %s", (_, user) => {
  onLinux("plain Linux, and nothing is left behind", async () => {
    const run = await execute([...user, process.execPath, command, "probe", "--json"], {
      cwd: "/",
      env: { ...env, TMPDIR: folder },
    });
    const environment = conforming<Environment>("probe-1", run.stdout);
    expect(environment.kind).toBe("linux");
    expect(probed.filter((rule) => bites(environment, rule.probe!.id) !== false).map((rule) => rule.id)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });
  onLinux("a rehearsal is Linux with refusals", async () => {
    const rehearsed = [
      process.execPath,
      command,
      "rehearse",
      "--release",
      "2024-07",
      "--",
      process.execPath,
      command,
      "probe",
      "--json",
    ];
    const run = await execute([...user, ...rehearsed], { cwd: "/", env: { ...env, TMPDIR: folder } });
    const environment = conforming<Environment>("probe-1", run.stdout);
    expect(environment.kind).toBe("linux");
    expect(environment.signals.join()).toContain("seccomp filter");
    expect([bites(environment, "arch-set-gs"), bites(environment, "io-uring"), bites(environment, "growsdown")]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

onLinux("a folder that will not do is named, and another is used", async () => {
  const placed = placeProgram(new Uint8Array(1), "x", ["/proc", folder]);
  expect(placed.notes).toHaveLength(1);
  expect(placed.path.startsWith(folder)).toBe(true);
  placed.dispose();
  const environment = await probeEnvironment({ folders: ["/nowhere", folder] });
  expect(environment.kind).toBe("linux");
  expect(environment.signals.join()).toContain("/nowhere cannot be written to (ENOENT)");
});

describe("inside gVisor", () => {
  for (const { name, sandbox, release, platform } of gvisorBoxes) {
    testNeeding(sandbox !== undefined, name).each(USERS)(`${name} as %s`, async (who, user) => {
      // What runs after the probe must not suffer from it (a load of %gs on systrap would make it so).
      const script = `${process.execPath} ${command} probe --json && (/bin/true) && (/bin/true; /bin/true)`;
      const run = await execute([...user, "/bin/sh", "-c", script], { sandbox: sandbox!, cwd: folder, env });
      expect(run).toMatchObject({ exitCode: 0, stderr: "" });
      const environment = conforming<Environment>("probe-1", run.stdout);
      expect(environment).toMatchObject({ kind: "gvisor", platform });
      const { notBefore, before } = environment.release!;
      expect(notBefore! <= release.date && release.date < (before ?? "9999")).toBe(true);
      expect(bites(environment, "signal-frame")).toBe(true);
      // A probe bites exactly where its rule says that programs fail; who may read everything is not concerned by a mode.
      const mayReadAll = isRoot && who === "this user";
      const expected = probed.map(({ id: rule, behaviour }) => {
        const concerned = !(rule === "exec-only-mode" && mayReadAll);
        return [rule, concerned && consequenceIn(behaviour, release, platform) !== "runs"];
      });
      expect(probed.map((rule) => [rule.id, bites(environment, rule.probe!.id)])).toEqual(expected);
      expect(environment.probes.filter((probe) => probe.bites === undefined)).toEqual([]);
      if (isRoot && who === "this user") return;
      const recorded = Object.entries(releaseFiles[release.id].probes).map(([probe, results]) => [probe, results[platform]]);
      const results = environment.probes.map(({ id, result }) => [id, result]);
      expect(Object.fromEntries(results)).toMatchObject(Object.fromEntries(recorded));
    });
  }
});
