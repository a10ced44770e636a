/**
 * Real programs: every file of the folder that SANDFIT_CORPUS names is checked, fixed, fixed again, undone, and run in
 * every sandbox. The folder holds a manifest.json: [{path, era: "gs"|"fs"|"none", run?: {args, how: "sh"|"direct", stdin?,
 * env?, racy?}}]. What the unmodified program does on the host is what the fixed one has to do everywhere.
 */

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { check } from "../../../src/check/check.js";
import { outcomeOf } from "../../../src/check/model.js";
import { type Execution, execute } from "../../../src/environments/run/execute.js";
import { HOST, type Sandbox } from "../../../src/environments/run/sandbox.js";
import { findSandboxes } from "../../../src/environments/run/sandboxes.js";
import { RefusedError } from "../../../src/errors.js";
import { openFile } from "../../../src/files/file-source.js";
import { applyToCopy, backward, forward } from "../../../src/fix/apply.js";
import { type Plan, planFix } from "../../../src/fix/plan.js";
import { readImage } from "../../../src/image/detect.js";
import { writePatched } from "../../../src/write/replace.js";

interface Entry {
  readonly path: string;
  readonly era: "gs" | "fs" | "none";
  readonly run?: {
    readonly args: readonly string[];
    readonly how: "sh" | "direct";
    readonly stdin?: string;
    readonly env?: Record<string, string>;
    /** Its threads lose counts, as it is too: the numbers that it prints are not compared. */
    readonly racy?: boolean;
  };
}

const corpus = process.env["SANDFIT_CORPUS"];
const only = new RegExp(process.env["SANDFIT_CORPUS_ONLY"] ?? ".");
const entries: Entry[] =
  corpus === undefined
    ? []
    : JSON.parse(readFileSync(join(corpus, "manifest.json"), "utf8")).filter((entry: Entry) => only.test(entry.path));
const folder = mkdtempSync(join(tmpdir(), "sandfit-corpus-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { present } = corpus === undefined ? { present: [] } : await findSandboxes();

/** Programs that only load libraries of the host, which a fixed one does not do: nothing to compare. */
const loadsOnly = (entry: Entry) => /dlopentest/.test(entry.path);

async function planOf(bytes: Uint8Array): Promise<Plan> {
  const source = memorySource(bytes, "program");
  return planFix(source, await readImage(source), await check(source));
}

function run(
  entry: Entry,
  path: string,
  how: "sh" | "direct",
  sandbox: Sandbox,
  more: readonly string[] = [],
): Promise<Execution> {
  const command = [...(how === "sh" ? ["/bin/sh"] : []), path, ...(entry.run?.args ?? []), ...more];
  const env = { PATH: "/usr/bin:/bin", TMPDIR: folder, HOME: folder, LC_ALL: "C", ...entry.run?.env };
  return execute(command, {
    sandbox,
    timeout: 60_000,
    cwd: "/tmp",
    env,
    ...(entry.run?.stdin === undefined ? {} : { stdin: entry.run.stdin }),
  });
}

const resultOf = ({ run }: Entry, { exitCode, signal, stdout }: Execution) => ({
  exitCode,
  signal,
  stdout: run?.racy ? stdout.toString().replace(/\d+/g, "N") : stdout,
});

describe.skipIf(corpus === undefined)("SANDFIT_CORPUS", () => {
  const withGs = entries.filter((entry) => entry.era === "gs" && !loadsOnly(entry));
  const others = entries.filter((entry) => entry.era !== "gs");

  test.each(withGs.map((entry) => [entry.path, entry] as const))(
    "%s is fixed, and runs everywhere as on the host before",
    async (_path, entry) => {
      const bytes = readFileSync(join(corpus!, entry.path));
      const plan = await planOf(bytes);
      const fixed = applyToCopy(bytes, forward(plan.edits));
      expect((await planOf(fixed)).edits).toEqual([]);
      expect(Buffer.compare(applyToCopy(fixed, backward(plan.edits)), bytes)).toBe(0);
      const report = await check(memorySource(fixed));
      expect(outcomeOf({ ...report, views: report.views.slice(0, 1) })).toBe("runs");
      if (entry.run === undefined) return;

      const place = join(folder, entry.path.replaceAll("/", "_"));
      mkdirSync(place);
      const path = join(place, basename(entry.path));
      copyFileSync(join(corpus!, entry.path), path);
      const before = await run(entry, path, entry.run.how, HOST);
      // An APE without a loader assimilates itself when a shell starts it.
      copyFileSync(join(corpus!, entry.path), path);
      const beforeStrace = await run(entry, path, entry.run.how, HOST, ["--strace"]);
      copyFileSync(join(corpus!, entry.path), path);
      const source = openFile(path);
      await writePatched(source, path, forward(plan.edits), { overwrite: true, prove: async () => {} });
      source.close();
      for (const sandbox of present) {
        const after = await run(entry, path, "direct", sandbox);
        expect({ sandbox: sandbox.id, ...resultOf(entry, after) }).toEqual({ sandbox: sandbox.id, ...resultOf(entry, before) });
      }
      // The way that --strace takes to thread state is one of its own; systrap hides it when it is forgotten.
      const tracing = present.filter((sandbox) => sandbox.kind === "host" || sandbox.id === "20240729-ptrace");
      for (const sandbox of tracing) {
        const traced = await run(entry, path, "direct", sandbox, ["--strace"]);
        expect({ sandbox: sandbox.id, exitCode: traced.exitCode, signal: traced.signal }).toEqual({
          sandbox: sandbox.id,
          exitCode: beforeStrace.exitCode,
          signal: beforeStrace.signal,
        });
      }
    },
  );

  test.each(others.map((entry) => [entry.path, entry] as const))("%s has no %%gs edit", async (_path, entry) => {
    const bytes = readFileSync(join(corpus!, entry.path));
    const source = memorySource(bytes, "program");
    const image = await readImage(source);
    if (image.elf.length === 0) return;
    try {
      const plan = await planFix(source, image, await check(source));
      expect(plan.edits.filter((edit) => edit.rule === "tls-in-gs")).toEqual([]);
    } catch (error) {
      expect(error).toBeInstanceOf(RefusedError);
    }
  });
});
