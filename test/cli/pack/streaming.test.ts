/** Archives larger than memory, signals and full disks: bounded memory, and nothing left lying about. */

import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createGzip } from "node:zlib";
import { expect, test } from "vitest";
import { tar, tarGz } from "../../fixtures/archives.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { command, expectSentence, sandfit, shell, startSandfit, temporaryFolder } from "../../support/cli.js";
import { namesIn } from "../../support/packing.js";
import { canMount, hasProgram, testNeeding } from "../../support/requirements.js";

const top = temporaryFolder();
const MIB = 2 ** 20;

/** A tar.gz of `size` MiB in one file that packs to a hundredth, with a program behind it. */
async function writeLarge(path: string, size: number): Promise<void> {
  const gzip = createGzip({ level: 1 });
  const out = openSync(path, "w");
  gzip.on("data", (chunk: Buffer) => writeSync(out, chunk));
  const done = new Promise((resolve) => gzip.once("end", resolve));
  const piece = Buffer.alloc(MIB);
  for (let at = 0; at < MIB; at += 1024) piece.writeUInt32LE((at * 2654435761) >>> 0, at);
  const header = tar([{ name: "data/large", data: "", size: size * MIB }], false);
  gzip.write(header);
  for (let i = 0; i < size; i++) if (!gzip.write(piece)) await new Promise((resolve) => gzip.once("drain", resolve));
  gzip.end(tar([{ name: "bin/tool", mode: 0o755, data: sampleProgram("gs-call").bytes }]));
  await done;
  closeSync(out);
}

test("an archive of 768 MiB with a heap of 48 MiB, and not much outside of it", async () => {
  const folder = join(top, "large");
  mkdirSync(folder);
  await writeLarge(join(folder, "large.tar.gz"), 768);
  const report = join(folder, "memory");
  writeFileSync(
    join(folder, "report.cjs"),
    `process.on("exit", () => require("fs").writeFileSync(${JSON.stringify(report)}, String(process.resourceUsage().maxRSS)));`,
  );
  const { stdout, stderr, exitCode } = await sandfit(["pack", "large.tar.gz", "-o", "out"], {
    cwd: folder,
    env: { NODE_OPTIONS: `--max-old-space-size=48 --require ${join(folder, "report.cjs")}` },
    patience: 180_000,
  });
  expect([stderr, exitCode]).toEqual(["", 0]);
  expect(stdout).toMatch(/^bin\/tool {3}runs, x86-64, fixed/);
  // In KiB. The archive would be 786,432 of them.
  expect(Number(readFileSync(report, "utf8"))).toBeLessThan(300_000);
  rmSync(folder, { recursive: true });
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s in the middle leaves nothing", async (signal) => {
  const folder = join(top, signal);
  mkdirSync(folder);
  await writeLarge(join(folder, "large.tar.gz"), 128);
  const child = startSandfit(["pack", "large.tar.gz", "-o", "out.tar.gz"], { cwd: folder });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("close", (_code, by) => resolve(by)));
  // As soon as something was begun.
  while (readdirSync(folder).length === 1 && child.exitCode === null) await sleep(20);
  child.kill(signal);
  expect(await ended).toBe(signal);
  expect(namesIn(folder)).toEqual(["large.tar.gz"]);
});

testNeeding(canMount(), "root and mount")("a full disk", async () => {
  const folder = join(top, "full");
  mkdirSync(folder);
  await writeLarge(join(folder, "large.tar.gz"), 4);
  const inside = `mount -t tmpfs -o size=2m tmpfs /mnt && "$@" pack large.tar.gz -o /mnt/out; code=$?; ls -A /mnt; exit $code`;
  const run = await shell(`unshare --mount /bin/bash -c '${inside}' bash "$@"`, folder);
  expectSentence(run, /^sandfit: a temporary file cannot be written: the disk is full$/);
});

testNeeding(hasProgram("script"), "script")("a bar on a terminal, on standard error; none elsewhere", async () => {
  const folder = join(top, "bar");
  mkdirSync(folder);
  writeFileSync(join(folder, "in.tar.gz"), tarGz([{ name: "bin/x", mode: 0o755, data: sampleProgram("gs-call").bytes }]));
  const line = `script -qec '"${process.execPath}" "${command}" pack in.tar.gz -o out >stdout' /dev/null </dev/null`;
  const onTerminal = await shell(`TERM=xterm ${line}`, folder);
  expect(onTerminal.stdout).toMatch(/reading +\S+ +\d+%/);
  expect(readFileSync(join(folder, "stdout"), "utf8")).toMatch(/^bin\/x {3}runs/);
  const elsewhere = await sandfit(["pack", "in.tar.gz", "-o", "other"], { cwd: folder });
  expect(elsewhere.stderr).toBe("");
});
