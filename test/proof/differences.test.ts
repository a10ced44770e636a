/**
 * Runs the probe of every record on this machine, in every gVisor release and platform there is, and with the flags that records
 * name, and holds the answers against the table. With SANDFIT_RECORD=1 it writes what it saw into src/differences/answers.json.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { release as kernelRelease } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { HOST, hostRunsLinux, type RunscSandbox } from "../../src/environments/run/sandbox.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { FLAGS_WITH, settings } from "../../src/gvisor/differences/answers.js";
import type { Difference } from "../../src/gvisor/differences/define.js";
import { differences } from "../../src/gvisor/differences/index.js";
import { releases } from "../../src/gvisor/gvisor.js";
import { hasProgram, isRoot, testNeeding } from "../support/requirements.js";
import { type Answers, runProbes } from "../support/run-difference.js";

const records = process.env["SANDFIT_RECORD"] === "1";
const file = new URL("../../src/gvisor/differences/answers.json", import.meta.url);
const table = JSON.parse(readFileSync(file, "utf8")) as Record<string, Answers>;
const seen: Record<string, Answers> = {};
afterAll(() => {
  if (!records) return;
  const keys = Object.keys({ ...table, ...seen }).sort();
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(keys.map((key) => [key, seen[key] ?? table[key]])), null, 2)}\n`);
});

const { present } = await findSandboxes();
const boxes = new Map<string, RunscSandbox>();
for (const box of present) {
  if (box.kind !== "runsc") continue;
  // A build is of the release whose source is at most a week older; of one in between nothing is known.
  const built = Date.parse(`${box.release.slice(0, 4)}-${box.release.slice(4, 6)}-${box.release.slice(6)}`);
  const isOf = (date: string) => built - Date.parse(date) >= 0 && built - Date.parse(date) <= 7 * 86_400_000;
  const release = releases.find(({ ran, date }) => ran.length > 0 && isOf(date));
  if (release !== undefined) boxes.set(`${release.id}/${box.platform}`, box);
}

/** Flags that a record names as a remedy, but for --overlay2, which `runsc do` overrules, and --network=host, which would change this machine. */
const FLAGS = [
  "--net-raw",
  "--iouring",
  "--TESTONLY-nftables",
  "--systrap-disable-syscall-patching",
  "--mount-cgroup-v2",
  "--allow-suid",
];
const naming = (flag: string) =>
  differences.filter(({ remedies = [] }) => remedies.some((one) => "flag" in one && one.flag === flag));

async function hold(key: string, some: readonly Difference[], box: RunscSandbox): Promise<void> {
  seen[key] = await runProbes(some, box);
  if (!records) expect(seen[key]).toEqual(table[key]);
}

describe("gVisor answers as the table says", () => {
  const known = records ? [...boxes.keys()] : settings;
  for (const setting of known)
    testNeeding(boxes.has(setting), `gVisor ${setting}`)(setting, () => hold(setting, differences, boxes.get(setting)!));
  for (const flag of FLAGS) {
    const key = `${FLAGS_WITH} ${flag}`;
    const box = boxes.get(FLAGS_WITH);
    testNeeding(box !== undefined, `gVisor ${FLAGS_WITH}`)(key, () =>
      hold(key, naming(flag), { ...box!, id: key, flags: [...box!.flags, flag] }),
    );
  }
});

testNeeding(hostRunsLinux() && isRoot && hasProgram("ip") && hasProgram("unshare"), "root, ip and unshare on x86-64 Linux")(
  "Linux answers as the records say",
  async () => {
    const asked = differences.filter(({ linux }) => !linux.documented && !isOlderThan(linux.since));
    expect(await runProbes(asked, HOST)).toEqual(Object.fromEntries(asked.map(({ id, linux }) => [id, linux.answer])));
  },
);

/** Whether this kernel is older than a release such as "6.13". */
function isOlderThan(since: string | undefined): boolean {
  const number = (version: string) =>
    version
      .split(".")
      .slice(0, 2)
      .reduce((sum, part) => 1000 * sum + Number.parseInt(part, 10), 0);
  return since !== undefined && number(kernelRelease()) < number(since);
}

// Not while it is written.
if (!records)
  test("every record differs somewhere, and nothing is in the table that no record asks", () => {
    const ids = differences.map(({ id }) => id);
    for (const setting of settings) expect(Object.keys(table[setting]!).sort(), setting).toEqual([...ids].sort());
    const idle = differences.filter(({ id, linux }) => settings.every((setting) => table[setting]![id] === linux.answer));
    expect(idle.map(({ id }) => id)).toEqual([]);
  });
