/**
 * `sandfit why` on programs of Debian (packages ethtool, iproute2, nftables, numactl, pciutils, procps, util-linux): the fewest answers
 * that were found when the method was tried. A program that is not installed is skipped by name.
 */

import { describe, expect } from "vitest";
import type { Diagnosis } from "../../../src/diagnose/why/model.js";
import { findSandboxes } from "../../../src/environments/run/sandboxes.js";
import { sandfit } from "../../support/cli.js";
import { canMount, hasProgram, testNeeding } from "../../support/requirements.js";
import { conforming } from "../../support/schema.js";

const { present } = await findSandboxes({ platforms: ["systrap"] });
const box = present.findLast((one) => one.kind === "runsc");

const GENERIC = "socket|16|3|16";
const cases: readonly (readonly [command: string, causes: readonly string[], passesInGvisor: boolean])[] = [
  ["nft list ruleset", ["socket|16|3|12"], true],
  ["ip rule", ["recvmsg|socket:16:3:0|0|after type 34"], true],
  ["ethtool -k lo", [GENERIC, "ioctl|socket:2:2:0|35142"], true],
  ["chrt -f 10 true", ["sched_get_priority_max|1"], true],
  ["numactl --hardware", ["/sys/devices/system/node"], true],
  ["vmstat", ["/proc/vmstat"], true],
  ["lslocks", ["/proc/locks"], true],
  ["lspci", ["/sys/bus/pci", "/proc/bus/pci"], false],
  ["unshare -C true", ["unshare|33554432"], true],
];
const healthy = [
  "true",
  "ls /etc/hostname",
  "sqlite3 :memory: 'select 1'",
  "unshare -Ur true",
  "git --version",
  "python3 -c pass",
];

const words = (command: string): string[] => command.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", ""));

async function why(command: string): Promise<Diagnosis> {
  const runsc = box?.kind === "runsc" ? box.runsc : "";
  const args = ["why", "--json", "--no-remedies", "--in", `gvisor=${runsc}`, "--", ...words(command)];
  const run = await sandfit(args, { patience: 120_000 });
  return conforming<Diagnosis>("why-1", run.stdout);
}

const needing = (command: string) => {
  const [program] = words(command);
  return testNeeding(box !== undefined && canMount() && hasProgram(program!), `${program}, a runsc and the right to mount`);
};

describe("fails, and why", () => {
  for (const [command, causes, passes] of cases)
    needing(command)(command, async () => {
      const diagnosis = await why(command);
      expect([diagnosis.result, diagnosis.word]).toEqual(["explained", "proven"]);
      expect(diagnosis.causes.map(({ about }) => about).sort()).toEqual([...causes].sort());
      const counter = diagnosis.proofs.find(({ side }) => side === "gvisor");
      expect((counter?.likeness ?? 0) >= 2).toBe(passes);
    });
});

describe("healthy, and silent", () => {
  for (const command of healthy)
    needing(command)(command, async () => expect(await why(command)).toMatchObject({ result: "same", causes: [] }));
});
