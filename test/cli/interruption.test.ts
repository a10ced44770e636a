/** Fixing when the disk or a signal is against it: the target is whole or as before, and nothing is left lying about. */

import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, ftruncateSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { sampleProgram } from "../fixtures/programs/index.js";
import { expectSentence, sandfit, shell, startSandfit, temporaryFolder, writeSample } from "../support/cli.js";
import { canMount, hasProgram, isRoot, testNeeding } from "../support/requirements.js";

const folder = temporaryFolder();
const SIZE = 3 * 1024 ** 3;

/**
 * A program with a hole of `size` bytes behind it, which takes its time to be copied: of the room that is reserved in it no count of
 * blocks can tell whether it holds data.
 */
function writeLarge(name: string, sample: string, size: number): string {
  const path = join(folder, name);
  const descriptor = openSync(path, "w", 0o755);
  writeSync(descriptor, sampleProgram(sample).bytes);
  ftruncateSync(descriptor, size);
  closeSync(descriptor);
  spawnSync("fallocate", ["--keep-size", "--offset", `${size / 2}`, "--length", "4096", path]);
  return path;
}

testNeeding(isRoot && hasProgram("setpriv"), "root and setpriv")("a folder that may not be written to", async () => {
  writeSample(folder, "gs-call");
  chmodSync(folder, 0o755);
  const through = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  expectSentence(
    await sandfit(["fix", "gs-call"], { cwd: folder, through }),
    /gs-call\.gvisor cannot be written: permission denied$/,
  );
  expect(readdirSync(folder)).toEqual(["gs-call"]);
  rmSync(join(folder, "gs-call"));
});

/** Runs a fix on a tmpfs with the given mount options; standard output ends with what lies there afterwards. */
function fixOnTmpfs(options: string, before = "true") {
  const inside = `mount -t tmpfs -o ${options} tmpfs /mnt && cp gs-call /mnt/ && cd /mnt && ${before} && "$@" fix gs-call; code=$?; ls -A /mnt; exit $code`;
  return shell(`unshare --mount /bin/bash -c '${inside}' bash "$@"`, folder);
}

testNeeding(canMount(), "root and mount")("a full disk", async () => {
  const path = writeSample(folder, "gs-call");
  const { stdout, stderr, exitCode } = await fixOnTmpfs(`size=${Math.ceil(statSync(path).size / 4096) * 4096 + 8192}`);
  expect({ stdout, stderr, exitCode }).toEqual({
    stdout: "gs-call\n",
    stderr: "sandfit: gs-call.gvisor cannot be written: the disk is full\n",
    exitCode: 2,
  });
});

testNeeding(canMount(), "root and mount")("a file system that is read-only", async () => {
  writeSample(folder, "gs-call");
  const { stdout, stderr, exitCode } = await fixOnTmpfs("size=1m", "mount -o remount,ro /mnt");
  expect({ stdout, stderr, exitCode }).toEqual({
    stdout: "gs-call\n",
    stderr: "sandfit: gs-call.gvisor cannot be written: the file system is read-only\n",
    exitCode: 2,
  });
});

test.each([
  ["SIGTERM", 50],
  ["SIGTERM", 400],
  ["SIGINT", 250],
  ["SIGKILL", 100],
  ["SIGKILL", 300],
] as const)("%s after %i ms leaves the old target or a whole new one", async (signal, delay) => {
  const path = writeLarge("large", "ape-gs", SIZE);
  const child = startSandfit(["fix", path]);
  const closed = new Promise((resolve) => child.once("close", resolve));
  await sleep(delay);
  child.kill(signal);
  await closed;
  const left = readdirSync(folder).filter((name) => name.startsWith("large.gvisor"));
  if (left.includes("large.gvisor")) expect((await sandfit(["check", `${path}.gvisor`])).exitCode).toBe(0);
  const temporary = readdirSync(folder).filter((name) => name.startsWith(".large.gvisor.sandfit-"));
  if (signal !== "SIGKILL") expect(temporary).toEqual([]);
  expect(statSync(path).size).toBe(SIZE);
  for (const name of [...left, ...temporary]) rmSync(join(folder, name), { recursive: true });
});
