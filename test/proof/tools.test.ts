/** `sandfit tools` started inside every gVisor there is, with system packages present and absent, and on the host beside it. */

import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { sandfit, temporaryFolder, writeSample } from "../support/cli.js";
import { hasProgram, lackingSandboxes, testNeeding } from "../support/requirements.js";
import { pose, poseAsNoPackages, tools } from "../support/tools.js";

const { present, absent } = await findSandboxes();
const folder = temporaryFolder();
const SYSTEM = ["/usr/bin", "/bin"];
const bad = join(folder, "bad");
const mended = join(folder, "mended");
/** Packages that this Debian has in its lists and nobody installs for Sandfit's sake. */
const ABSENT = "cowsay";

beforeAll(async () => {
  for (const one of [bad, mended]) {
    mkdirSync(one);
    poseAsNoPackages(one);
  }
  // Faulty programs that answer any question with exit 0: as ELF, and as an APE that a shell has to start.
  writeSample(bad, "gs-call");
  writeSample(bad, "ape-gs");
  for (const name of ["gs-call", "ape-gs"]) {
    expect((await sandfit(["fix", join(bad, name), "-o", join(mended, name)])).exitCode).toBe(0);
    chmodSync(join(mended, name), 0o755);
  }
});

const missing = absent.filter(({ reason }) => !reason.startsWith("this release has no platform"));
lackingSandboxes(missing);

describe.each(present.map((sandbox) => [sandbox.id, sandbox] as const))("on %s", (id, sandbox) => {
  const isGvisor = sandbox.kind === "runsc";

  test("a faulty program works natively and not in gVisor; the fixed one works everywhere", async () => {
    const before = await tools(["gs-call", "ape-gs"], [bad, ...SYSTEM], sandbox);
    const after = await tools(["gs-call", "ape-gs"], [mended, ...SYSTEM], sandbox);
    expect(before.report.environment.kind).toBe(isGvisor ? "gvisor" : "linux");
    expect(after.exitCode).toBe(0);
    for (const name of ["gs-call", "ape-gs"]) {
      const provider = before.only(name);
      expect(provider.expected).toMatchObject({ outcome: "fails", afterFix: "runs" });
      expect(after.only(name)).toMatchObject({ outcome: "starts", expected: { outcome: "runs" }, next: null });
      if (!isGvisor) {
        expect(provider).toMatchObject({ outcome: "starts", next: null });
        continue;
      }
      // On systrap these print something and end well: that is not taken for working.
      expect(provider.outcome).toBe(id.endsWith("ptrace") ? "fails" : "unsure");
      if (provider.outcome === "fails")
        expect(provider.why).toMatch(/SIGSEGV\)?; because of thread state through %gs \(tls-in-gs\)$/);
      expect(before.tool(name)).toMatchObject({ best: null, next: `sandfit fix --in-place ${join(bad, name)}` });
    }
    expect(before.exitCode).toBe(isGvisor ? 1 : 0);
  });

  const system = ["lua", "make", "curl", "zip", "unzip", "dpkg-query"];
  testNeeding(system.every(hasProgram), `${system.join(", ")} by Debian's packages`)(
    "system packages that are there do their jobs, behind a toolset that does not",
    async () => {
      const set = join(folder, "set");
      for (const name of ["lua", "make", "curl", "zip", "unzip"]) pose(join(set, "bin", name), `exec ${join(bad, "gs-call")}`);
      const { report, exitCode } = await tools(["--from", set], SYSTEM, sandbox);
      expect(exitCode).toBe(0);
      for (const { name, providers, best, package: state } of report.tools) {
        expect(
          providers.map(({ source, outcome }) => [source, outcome]),
          name,
        ).toEqual([
          ["path", "works"],
          ["toolset", "fails"],
        ]);
        expect(best, name).toBe(providers[0].path);
        expect(state, name).toMatchObject({ installed: true });
      }
    },
  );

  testNeeding(hasProgram("apt-cache") && !hasProgram(ABSENT), `Debian's package lists, and ${ABSENT} not installed`)(
    "a system package that is not there is the next command",
    async () => {
      const { tool, exitCode } = await tools([ABSENT], SYSTEM, sandbox);
      expect(exitCode).toBe(1);
      expect(tool(ABSENT)).toMatchObject({
        providers: [],
        package: { name: ABSENT, installed: false, version: null },
        next: `apt-get install ${ABSENT}`,
      });
      expect(tool(ABSENT).package!.available).toMatch(/^\d/);
    },
  );
});
