/** `sandfit report`, started for real: what it says is what the file's bytes and the runs say, and nothing else. */

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findSandboxes } from "../../../src/environments/run/sandboxes.js";
import type { Investigation } from "../../../src/report/investigation.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { folder, placed, sandfit } from "../../support/command.js";
import { conforming } from "../../support/schema.js";

const { present } = await findSandboxes();
const boxes = present.filter((box) => box.kind === "runsc");

async function asJson(...args: string[]): Promise<Investigation> {
  const { stdout, stderr } = await sandfit(["report", "--format", "json", ...args]);
  expect(stderr).toBe("");
  return conforming<Investigation>("investigation-1", stdout);
}

/** A tar.gz with a faulty and a healthy program, and a file that is none. */
function toolset(): string {
  const bin = join(folder, "tools/bin");
  mkdirSync(bin, { recursive: true });
  const write = (name: string, sample: string) => writeFileSync(join(bin, name), sampleProgram(sample).bytes, { mode: 0o755 });
  write("healthy", "healthy");
  write("faulty", "gs-call");
  writeFileSync(join(folder, "tools/README"), "no program\n");
  spawnSync("tar", ["-czf", "tools.tar.gz", "tools"], { cwd: folder });
  return join(folder, "tools.tar.gz");
}

describe("without running anything", () => {
  test("the root cause, what is not the cause, and that nothing was run", async () => {
    const { stdout, exitCode } = await sandfit(["report", placed("gs-call")]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^# `\S*gs-call` in gVisor\n/);
    for (const heading of ["Summary", "Root cause", "What is not the cause", "Environment status", "Alternatives"])
      expect(stdout).toContain(`\n## ${heading}\n`);
    expect(stdout).toMatch(/\| `0x[0-9a-f]+` \| `0x[0-9a-f]+` \| `65 48 8b 04 25 30 00 00 00` \| `mov %gs:0x30,%rax` \|/);
    expect(stdout).toMatch(/sys_tls_amd64\.go/);
    expect(stdout).toContain("Nothing was executed for this report");
    expect(stdout).not.toMatch(/passed|\[exit|\[SIG/);
  });
  test('a healthy program: nothing found, not "runs"', async () => {
    const { stdout, exitCode } = await sandfit(["report", placed("healthy")]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("nothing found against it");
    expect(stdout).not.toContain("## Root cause");
  });
  test("JSON agrees with its schema", async () => {
    const { programs, here } = await asJson(placed("gs-call"));
    expect(here).toBeNull();
    expect(programs[0]).toMatchObject({ runs: null, repair: { kind: "possible", refusals: [] } });
  });
  test("a program that must not be changed: refused, with the reason", async () => {
    const { programs } = await asJson(placed("gs-dlopen"));
    expect(programs[0].repair.kind).toBe("refused");
    expect(programs[0].repair.refusals.join()).toMatch(/cosmo-dlopen/);
  });
  test("a folder: a table first, the worst on top, and names that try to be more than names", async () => {
    const many = join(folder, "many");
    mkdirSync(many);
    const write = (name: string, sample: string) => writeFileSync(join(many, name), sampleProgram(sample).bytes, { mode: 0o755 });
    write("aa-healthy", "healthy");
    write("<img src=x onerror=alert(1)> `|` [x](javascript:1)", "gs-call");
    writeFileSync(join(many, "damaged"), Buffer.concat([sampleProgram("healthy").bytes.subarray(0, 70)]), { mode: 0o755 });
    const { stdout, exitCode } = await sandfit(["report", many]);
    expect(exitCode).toBe(2);
    expect(stdout.indexOf("onerror")).toBeLessThan(stdout.indexOf("aa-healthy"));
    expect(stdout).toMatch(/## Not read\n\n- `.*damaged`: /);
    const html = await sandfit(["report", "--format", "html", many]);
    expect(html.stdout).not.toMatch(/<img|<script|href="javascript/i);
  });
  test("an archive: the programs inside, by their names there", async () => {
    const archive = toolset();
    const { subject, programs } = await asJson(archive);
    expect(subject).toEqual({ name: archive, kind: "archive" });
    expect(programs.map(({ report, repair }) => [report.name, repair.kind])).toEqual([
      ["tools/bin/faulty", "possible"],
      ["tools/bin/healthy", "none"],
    ]);
    expect((await sandfit(["report", archive])).stdout).toMatch(/\| `tools\/bin\/faulty` \| will not run \|/);
  });
  test.each([
    [["report"], /missing required argument/],
    [["report", "/no/such"], /cannot be opened/],
    [["report", "--target", "1999", "/bin/true"], /unknown target '1999'/],
    [["report", "/bin/true", "--", "x"], /say --run/],
    [["report", "--run", "--folder", "/no/such", "/bin/true"], /is no folder/],
  ])("bad use: %j", async (args, words) => {
    const run = await sandfit(args);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(words);
  });
});

describe("with --run", () => {
  test("both are run everywhere, and what is said is what came out", async () => {
    const { stdout } = await sandfit(["report", "--run", placed("gs-call")]);
    expect(stdout).toMatch(/passed: in all \d+ environments as the original on the host/);
    expect(stdout).toMatch(/\$ \S*gs-call\n/);
    for (const box of boxes)
      expect(stdout).toMatch(new RegExp(`\\| ${box.id} \\| .*; differs in .* \\| ended with 0, as on plain Linux \\|`));
  });
  test("programs of an archive are run too", async () => {
    const { programs } = await asJson("--run", toolset());
    expect(programs.map(({ runs }) => [runs?.original, runs?.passed])).toEqual([
      ["tools/bin/faulty", true],
      ["tools/bin/healthy", true],
    ]);
  });
  test("the distribution's package is asked for, and tried where it is installed", async () => {
    const make = join(folder, "make.com");
    writeFileSync(make, sampleProgram("gs-call").bytes, { mode: 0o755 });
    const { programs } = await asJson("--run", make);
    const manager = spawnSync("dpkg-query", ["-W", "make"]).status;
    if (manager === 0) expect(programs[0].systemPackage).toMatchObject({ name: "make", installed: true });
    if (manager === 0) expect(programs[0].systemPackage?.tried).toMatch(/make .* works here: built two targets/);
    expect((await sandfit(["report", make])).stdout).toMatch(/distribution's package, where it has one.*not run here/);
  });
  test("nothing is called passed that is not", async () => {
    const { programs } = await asJson("--run", placed("dual-register"));
    expect(programs[0].runs?.passed).toBe(false);
    const { stdout } = await sandfit(["report", "--run", placed("dual-register")]);
    expect(stdout).not.toMatch(/passed: in all/);
  });
  test.each(boxes.map((box) => [box.id, box] as const))("inside %s", async (_, box) => {
    const run = await sandfit(["report", "--run", placed("gs-call")], box);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toMatch(/This environment:\n\n- gVisor, platform/);
    expect(run.stdout).toMatch(/Not run here:\n\n- host: this process is itself in gVisor/);
    expect(run.stdout).toMatch(/; no plain Linux to compare with \|/);
    expect(run.stdout).toMatch(/`arch-set-gs` EINVAL/);
  });
});
