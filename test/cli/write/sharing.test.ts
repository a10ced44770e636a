/** On a file system that shares blocks a copy of any size takes no space and is made at once: shown on XFS and Btrfs in a file. */

import { spawnSync } from "node:child_process";
import { ftruncateSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { shell, temporaryFolder } from "../../support/cli.js";
import { canMount, hasProgram, testNeeding } from "../../support/requirements.js";

const folder = temporaryFolder();
const MIB = 1024 ** 2;
/** The least that mkfs.xfs takes. */
const DISK = 320 * MIB;
const SIZE = 100;

/** Whether such a file system in a file can be mounted here: that takes root, a loop device and the kernel's part. */
function makeDisk(path: string, maker: string, options: readonly string[]): boolean {
  if (!canMount() || !hasProgram(maker)) return false;
  ftruncateSync(openSync(path, "w"), DISK);
  if (spawnSync(maker, ["-q", ...options, path]).status !== 0) return false;
  return spawnSync("unshare", ["--mount", "mount", "-o", "loop", path, "/mnt"]).status === 0;
}

describe.each([
  ["mkfs.xfs", ["-m", "reflink=1"]],
  ["mkfs.btrfs", []],
])("made by %s", (maker, options) => {
  const disk = join(folder, maker);
  const canShare = makeDisk(disk, maker, options);
  testNeeding(canShare, `root, ${maker} and a loop device`)("fix -o, fix --in-place and undo share blocks", () => shareOn(disk));
});

async function shareOn(disk: string): Promise<void> {
  const dense = openSync(join(folder, "dense"), "w", 0o755);
  writeSync(dense, sampleProgram("ape-gs").bytes);
  for (let i = 0; i < SIZE; i++) writeSync(dense, Buffer.alloc(MIB, i + 1));
  const small = join(folder, "small");
  writeFileSync(small, sampleProgram("ape-gs").bytes);

  const steps = [
    `mount -o loop ${disk} /mnt && cp dense small /mnt && cd /mnt && chmod 755 small && cp dense original`,
    "used() { sync -f .; df --output=used -B 1 . | tail -n 1; }",
    'used; "$@" fix dense -o out > log; used; "$@" fix small -o expected >> log',
    `{ cmp -n $(stat -c %s small) out expected && cmp -i $(stat -c %s small) out original; } && echo same`,
    '"$@" fix --in-place dense >> log; cmp dense out && echo same; used',
    '"$@" undo dense >> log; cmp dense original && echo same; used',
  ];
  writeFileSync(join(folder, "steps"), `${steps.join("\n")}\n`);
  const { stdout, stderr } = await shell(`unshare --mount /bin/bash steps "$@"`, folder);
  expect(stderr).toBe("");
  const lines = stdout.trim().split("\n");
  const sizes = lines.filter((line) => line !== "same").map(Number);
  expect(lines.filter((line) => line === "same")).toHaveLength(3);
  expect(sizes).toHaveLength(4);
  for (const size of sizes) expect(Math.abs(size - sizes[0]!)).toBeLessThan(4 * MIB);
}
