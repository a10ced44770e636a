/** An APE of more than 4 GiB: little memory, few bytes read, and no copy where the file itself is changed. */

import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sandfit, temporaryFolder } from "../../support/cli.js";
import { endsOf, GIB, writeLargeApe } from "../../support/large.js";

const folder = temporaryFolder();
const SIZE = 4 * GIB + 12_345;
const MIB = 1024 ** 2;
/** Node cannot skip holes: reading gigabytes of zeros takes its time on a machine that is busy. */
const PATIENCE = 170_000;

/** Has node tell at its end how much memory it had at most (KiB), and how many bytes it read and wrote. */
const tell = `import { readFileSync } from "node:fs";
process.on("exit", () => {
  const io = readFileSync("/proc/self/io", "utf8");
  const [read, written] = ["rchar", "wchar"].map((name) => Number(new RegExp(name + ": (\\\\d+)").exec(io)[1]));
  process.stderr.write("usage " + JSON.stringify({ peak: process.resourceUsage().maxRSS, read, written }) + "\\n");
});`;

async function measured(...args: string[]) {
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}` };
  const { stdout, stderr, exitCode } = await sandfit(args, { env, patience: PATIENCE });
  const usage: { peak: number; read: number; written: number } = JSON.parse(/usage (.*)/.exec(stderr)?.[1] ?? "{}");
  return { stdout, stderr: stderr.replace(/usage .*\n/, ""), exitCode, usage };
}

test("check reads a small part of it, in 200 MB, and fix --in-place and undo write a few bytes of it", async () => {
  const path = join(folder, "llamafile");
  writeLargeApe(path, SIZE);
  const original = endsOf(path, SIZE);
  const { ino, blocks } = statSync(path);

  const check = await measured("check", path);
  expect(check.stdout).toContain("tls-in-gs");
  expect(check.exitCode).toBe(1);

  const fix = await measured("fix", "--in-place", path);
  expect({ stderr: fix.stderr, exitCode: fix.exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(statSync(path).ino).toBe(ino);
  expect(endsOf(path, SIZE)).not.toEqual(original);
  expect(endsOf(path, SIZE).end).toEqual(original.end);
  expect((await sandfit(["check", path])).exitCode).toBe(0);

  const undo = await measured("undo", path);
  expect(undo.exitCode).toBe(0);
  expect(endsOf(path, SIZE)).toEqual(original);
  expect(statSync(path)).toMatchObject({ ino, blocks, size: SIZE + original.end.length });
  expect(readdirSync(folder)).toEqual(["llamafile"]);

  for (const { usage } of [check, fix, undo]) {
    expect(usage.peak).toBeLessThan(200 * 1024);
    expect(usage.read).toBeLessThan(32 * MIB);
    expect(usage.written).toBeLessThan(MIB);
  }
});

test("fix -o copies it with its hole, in 200 MB", async () => {
  const path = join(folder, "llamafile");
  if (!existsSync(path)) writeLargeApe(path, SIZE);
  const fix = await measured("fix", path, "-o", `${path}.out`);
  expect(fix.exitCode).toBe(0);
  expect(fix.usage.peak).toBeLessThan(200 * 1024);
  expect(endsOf(`${path}.out`, SIZE).end).toEqual(endsOf(path, SIZE).end);
  expect(statSync(`${path}.out`).size).toBe(statSync(path).size);
  expect(statSync(`${path}.out`).blocks * 512).toBeLessThan(4 * MIB);
  rmSync(`${path}.out`);
});
