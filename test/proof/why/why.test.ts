/** `sandfit why` on small programs of its own: what it finds, which word it gives, and when it is silent. */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../../src/diagnose/why/model.js";
import { findSandboxes } from "../../../src/environments/run/sandboxes.js";
import { sandfit, startSandfit, temporaryFolder } from "../../support/cli.js";
import { canMount, hasProgram, testNeeding } from "../../support/requirements.js";
import { conforming } from "../../support/schema.js";
import { programs } from "./programs.js";

const folder = temporaryFolder();
const { present } = await findSandboxes();
const boxes = present.flatMap((one) => (one.kind === "runsc" ? [one] : []));
const canRun = hasProgram("gcc") && canMount() && boxes.length > 0;
const withAll = testNeeding(canRun, "gcc, a runsc and the right to mount");
if (canRun)
  for (const [name, source] of Object.entries(programs)) {
    writeFileSync(join(folder, `${name}.c`), source);
    const { status, stderr } = spawnSync("gcc", ["-O1", "-w", "-o", join(folder, name), join(folder, `${name}.c`)], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr);
  }

async function why(options: readonly string[], command: readonly string[]): Promise<Diagnosis> {
  const run = await sandfit(["why", "--json", "--no-remedies", ...options, "--", ...command], { cwd: folder, patience: 120_000 });
  expect(run.stderr).toMatch(/^sandfit: the command will be run 4 times/);
  return conforming<Diagnosis>("why-1", run.stdout);
}

const about = ({ causes }: Diagnosis) => causes.map((cause) => cause.about.split("|")[0]);

interface Expected {
  readonly causes: readonly (string | undefined)[];
  /** Whether gVisor with Linux's answers passes. */
  readonly isBothWays: boolean;
  readonly known: string | undefined;
}

/** Failures that every release has. */
const cases: Record<string, Expected> = {
  pagemap: { causes: ["/proc/self/pagemap"], isBothWays: true, known: "proc-self-pagemap" },
  late: { causes: ["fallocate"], isBothWays: true, known: "fallocate-mode" },
  kernel: { causes: ["uname"], isBothWays: true, known: "kernel-version" },
  two: { causes: ["socket", "/proc/vmstat"], isBothWays: false, known: undefined },
  dnotify: { causes: ["fcntl"], isBothWays: false, known: undefined },
};

describe.each(boxes.map((box) => [box.id, box] as const))("in %s", (_, box) => {
  const options = ["--in", `gvisor=${box.runsc}`, "--platform", box.platform];

  for (const [name, { causes, isBothWays }] of Object.entries(cases))
    withAll(`${name}: the fewest answers, proven`, async () => {
      const diagnosis = await why(options, [`./${name}`]);
      expect([diagnosis.result, diagnosis.word]).toEqual(["explained", "proven"]);
      expect(about(diagnosis).sort()).toEqual([...causes].sort());
      expect(diagnosis.proofs[0]).toMatchObject({ side: "linux", likeness: 3, runs: 3, times: 3 });
      if (isBothWays) expect(diagnosis.proofs[1]).toMatchObject({ side: "gvisor", likeness: 3 });
      expect(diagnosis.denied).toEqual([]);
    });

  withAll("a healthy program whose answers differ: silence", async () => {
    const diagnosis = await why(options, ["./healthy"]);
    expect(diagnosis).toMatchObject({ result: "same", causes: [], runs: 4 });
  });
});

const newest = boxes.filter(({ platform }) => platform === "systrap").slice(-1);

describe.each(newest.map((box) => [box.id, box] as const))("the words, in %s", (_, box) => {
  const options = ["--in", `gvisor=${box.runsc}`];

  withAll("a crash by memory: no answer differs", async () => {
    const diagnosis = await why(options, ["./grow"]);
    expect(diagnosis).toMatchObject({ result: "no-answer-differs", causes: [], symptom: { gvisor: { ending: "SIGSEGV" } } });
  });

  withAll("of two reasons, either alone passes", async () => {
    const { trials } = await why(options, ["./two"]);
    const alone = trials.filter(({ answers }) => answers.length === 1);
    expect(alone.length).toBeGreaterThan(1);
    expect(alone.every(({ likeness }) => likeness === 0)).toBe(true);
  });

  withAll("what would change this machine is not done on Linux, and that is said", async () => {
    const diagnosis = await why(options, ["./clock"]);
    expect(diagnosis.denied).toEqual(["clock_settime"]);
  });

  withAll("nothing that the command writes stays", async () => {
    await why(options, ["sh", "-c", `echo x > ${folder}/written; cat ${folder}/written`]);
    expect(existsSync(join(folder, "written"))).toBe(false);
  });

  withAll("the report fits on a screen", async () => {
    const run = await sandfit(["why", "--no-remedies", ...options, "--", "./late"], { cwd: folder, patience: 120_000 });
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toMatch(/^\.\/late: exit 3 in gVisor \d{8} \(systrap\), exit 0 on Linux: "store: no free slots"$/m);
    expect(run.stdout).toMatch(/^ {2}cause {5}fallocate/m);
    expect(run.stdout).toMatch(
      /^ {2}proven {4}Linux with this answer: exit 3, standard error and output as in gVisor, byte for byte \(3 of 3 times\)/m,
    );
    expect(run.stdout).toContain("gVisor with Linux's answer: exit 0, standard error and output as on Linux, byte for byte");
    expect(run.stdout.split("\n").length).toBeLessThan(24);
  });

  withAll("--max-runs ends the search, and says so", async () => {
    const diagnosis = await why([...options, "--max-runs", "9"], ["./two"]);
    expect(diagnosis).toMatchObject({ result: "not-explained", runs: 9, cutShort: "after 9 runs (--max-runs)" });
  });

  withAll("nothing is left behind after SIGTERM", async () => {
    const own = () => readdirSync(tmpdir()).filter((name) => /^sandfit-(why|trace|sandfit-trace|runsc)/.test(name)).length;
    const before = own();
    for (const after of [900, 1300, 1900]) {
      const child = startSandfit(["why", ...options, "--", "./late"], { cwd: folder });
      await new Promise((resolve) => setTimeout(resolve, after));
      child.kill("SIGTERM");
      await new Promise((resolve) => child.once("close", resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(own()).toBe(before);
    const mounts = spawnSync("grep", ["-c", "upperdir=/mnt", "/proc/self/mounts"], { encoding: "utf8" });
    expect(mounts.stdout.trim()).toBe("0");
  });
});

test("a place that is none is refused in one sentence", async () => {
  const run = await sandfit(["why", "--in", "docker", "--", "true"]);
  expect([run.exitCode, run.stderr]).toEqual([2, "sandfit: --in docker is neither gvisor nor gvisor=PATH\n"]);
});
