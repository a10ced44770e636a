/** What a runsc itself and Sandfit's probes tell of a release: all of its file but what programs did. */

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ruleProbes } from "../src/environments/probe/tests.js";
import { execute } from "../src/environments/run/execute.js";
import type { RunscSandbox } from "../src/environments/run/sandbox.js";
import { findSandboxes } from "../src/environments/run/sandboxes.js";
import type { Platform } from "../src/gvisor/gvisor.js";
import type { ReleaseFile } from "../src/gvisor/release-file.js";
import type { Environment } from "../src/report/environment.js";
import { learnRefusals } from "./learn-refusals.js";
import { learnSystemCalls } from "./learn-system-calls.js";
import { idsOfFiles, readRelease, writeList, writeRelease } from "./release-files.js";

type Facts = Partial<Record<"id" | "date" | "commit" | "description" | "from", string>>;

/** Writes the release's file, without evidence, and the list of releases. Returns its id. */
export async function learnRelease(runsc: string, given: Facts): Promise<string> {
  const { present, absent } = await findSandboxes({ runsc: [runsc] });
  const sandboxes = present.filter((box) => box.kind === "runsc");
  if (sandboxes.length === 0) throw new Error(`${runsc} runs nothing here: ${absent.map(({ reason }) => reason).join("; ")}`);
  const version = sandboxes[0]!.release;
  const facts = factsOf(runsc, version, given);
  const systemCalls = await learnSystemCalls(runsc, sandboxes);
  const release: ReleaseFile = {
    ...facts,
    version,
    uname: await unameOf(sandboxes[0]!),
    platforms: {
      systrap: platformIn(sandboxes, absent, "systrap"),
      ptrace: platformIn(sandboxes, absent, "ptrace"),
      kvm: "not run",
    },
    systemCalls,
    refusals: await learnRefusals(systemCalls, sandboxes, neighbour(facts.id)),
    probes: {},
    evidence: {},
  };
  writeRelease(release);
  writeList();
  writeRelease({ ...release, probes: await probesIn(sandboxes) });
  return facts.id;
}

/** What no program can find out: from the command line, else from the file as it was, else from the module version of a `go install`. */
function factsOf(runsc: string, version: string, given: Facts) {
  const id = given.id ?? `${version.slice(0, 4)}-${version.slice(4, 6)}`;
  if (!/^20\d\d-\d\d$/.test(id)) throw new Error(`${runsc} does not tell its date: give --id YYYY-MM`);
  const before = readRelease(id);
  const [, module, day, commit] =
    /gvisor\.dev\/gvisor\t(v0\.0\.0-(\d{8})\d{6}-([0-9a-f]{12}))/.exec(readFileSync(runsc, "latin1")) ?? [];
  const built: Facts =
    module === undefined
      ? {}
      : {
          date: day!.replace(/(....)(..)(..)/, "$1-$2-$3"),
          commit: commit!,
          description: `gvisor.dev/gvisor ${module.replace("v0.0.0-", "")}`,
          from: `go gvisor.dev/gvisor/runsc@${module}`,
        };
  const { date, commit: hash, description, from } = { ...built, ...before, ...given };
  if (date === undefined || hash === undefined)
    throw new Error(`${runsc} does not tell what it was made from: give --date and --commit`);
  return { id, date, commit: hash, description: description ?? `runsc ${version}`, ...(from !== undefined && { from }) };
}

function platformIn(
  sandboxes: readonly RunscSandbox[],
  absent: readonly { id: string; reason: string }[],
  platform: Platform,
): "run" | "absent" {
  if (sandboxes.some((box) => box.platform === platform)) return "run";
  const reason = absent.find(({ id }) => id.endsWith(platform))?.reason;
  if (reason === `this release has no platform ${platform}`) return "absent";
  throw new Error(`${platform} cannot be run here: ${reason}`);
}

async function unameOf(sandbox: RunscSandbox): Promise<string> {
  return (await execute(["uname", "-r"], { sandbox, cwd: "/" })).stdout.trim();
}

/** The nearest older release that was learnt, or the nearest newer one. */
function neighbour(id: string): ReleaseFile | undefined {
  const learnt = idsOfFiles().filter((other) => other !== id && readRelease(other)!.version !== undefined);
  const nearest = learnt.findLast((other) => other < id) ?? learnt[0];
  return nearest === undefined ? undefined : readRelease(nearest);
}

/** `sandfit probe` in each sandbox, as an ordinary user. */
async function probesIn(sandboxes: readonly RunscSandbox[]): Promise<ReleaseFile["probes"]> {
  const folder = mkdtempSync(join(tmpdir(), "sandfit-learn-"));
  try {
    execFileSync(process.execPath, [fileURLToPath(new URL("bundle.mjs", import.meta.url)), folder]);
    chmodSync(folder, 0o777);
    const user = userInfo().uid === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] : [];
    const command = [...user, process.execPath, join(folder, "cli.cjs"), "probe", "--json"];
    // Those of known differences are recorded by test/proof/differences.test.ts.
    const isOfRule = new Set(ruleProbes.map((probe) => probe.id));
    const found: Record<string, Partial<Record<Platform, string>>> = {};
    for (const sandbox of sandboxes) {
      const run = await execute(command, {
        sandbox,
        cwd: folder,
        env: { PATH: "/usr/bin:/bin", TMPDIR: folder, XDG_CACHE_HOME: folder },
      });
      if (run.exitCode !== 0) throw new Error(`the probe failed in ${sandbox.id}: ${run.stderr || run.startError}`);
      for (const { id, result } of (JSON.parse(run.stdout) as Environment).probes) {
        if (isOfRule.has(id)) found[id] = { ...found[id], [sandbox.platform]: result };
      }
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
