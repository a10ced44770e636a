/**
 * Real APEs of the folder that SANDFIT_CORPUS names (test/proof/corpus/corpus.test.ts says what is in it), repaired so that they stay one
 * file for all systems: planned, proved, undone, and started in every way in every sandbox. What the unmodified program
 * does on the host is what the repaired one has to do everywhere.
 */

import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { type Execution, execute } from "../../../src/environments/run/execute.js";
import { HOST, type Sandbox } from "../../../src/environments/run/sandbox.js";
import { findSandboxes } from "../../../src/environments/run/sandboxes.js";
import { applyToCopy, backward } from "../../../src/fix/apply.js";
import { proveResult } from "../../../src/fix/prove.js";
import { readImage } from "../../../src/image/detect.js";
import { apply, classNames, findingsOf, planAs, without } from "../../support/portable/repairs.js";

interface Entry {
  readonly path: string;
  readonly era: "gs" | "fs" | "none";
  readonly run?: { readonly args: readonly string[]; readonly how: string; readonly stdin?: string; readonly env?: object };
}

const corpus = process.env["SANDFIT_CORPUS"];
const only = new RegExp(process.env["SANDFIT_CORPUS_ONLY"] ?? ".");
const entries: Entry[] =
  corpus === undefined
    ? []
    : JSON.parse(readFileSync(join(corpus, "manifest.json"), "utf8")).filter(
        (entry: Entry) => entry.era === "gs" && only.test(entry.path) && !/dlopentest/.test(entry.path) && isApe(entry.path),
      );
const folder = mkdtempSync(join(tmpdir(), "sandfit-corpus-ape-"));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { present } = corpus === undefined ? { present: [] } : await findSandboxes();
const tracing = present.filter((sandbox) => sandbox.kind === "host" || sandbox.id === "20240729-ptrace");

function isApe(path: string): boolean {
  return /^(MZqFpD|jartsr|APEDBG)='/.test(readFileSync(join(corpus!, path)).toString("latin1", 0, 8));
}

/** A new folder with the program as `x`: started through a shell it may turn itself into an ELF. */
function placeWith(bytes: Uint8Array): string {
  const place = mkdtempSync(join(folder, "place-"));
  chmodSync(place, 0o755);
  writeFileSync(join(place, "x"), bytes, { mode: 0o755 });
  return place;
}

/** The loader that a program unpacks where it finds none, or else this user's own. */
function loaderIn(place: string): string | undefined {
  for (const where of [place, homedir()]) {
    const name = readdirSync(where).find((file) => /^\.ape-[\d.]+$/.test(file));
    if (name !== undefined) return join(where, name);
  }
  return undefined;
}

type Way = "sh" | "bash -c" | "loader" | "assimilated";

async function start(
  entry: Entry,
  bytes: Uint8Array,
  way: Way,
  sandbox: Sandbox,
  more: readonly string[] = [],
): Promise<Execution> {
  const place = placeWith(bytes);
  const args = [...(entry.run?.args ?? []), ...more];
  const run = (command: readonly string[], where: Sandbox) =>
    execute(command, {
      sandbox: where,
      timeout: 120_000,
      cwd: place,
      env: { PATH: "/usr/bin:/bin", TMPDIR: place, HOME: place, LC_ALL: "C", ...entry.run?.env },
      ...(entry.run?.stdin === undefined ? {} : { stdin: entry.run.stdin }),
    });
  if (way === "sh") return run(["/bin/sh", "./x", ...args], sandbox);
  if (way === "bash -c") return run(["/bin/bash", "-c", './x "$@"', "bash", ...args], sandbox);
  if (way === "assimilated") {
    const { edits } = await planAs(bytes, "elf");
    const header = edits.filter((edit) => edit.rule === "ape-not-elf");
    writeFileSync(join(place, "x"), apply(bytes, { edits: header }));
    return run(["./x", ...args], sandbox);
  }
  const copy = join(place, "ape");
  copyFileSync(loader!, copy);
  return run([copy, "./x", ...args], sandbox);
}

/** From GNU Make, which unpacks it. */
const loader = await findLoader();
async function findLoader(): Promise<string | undefined> {
  const make = entries.find((entry) => /make-863bcf66/.test(entry.path));
  if (make === undefined) return undefined;
  const place = placeWith(readFileSync(join(corpus!, make.path)));
  await execute(["/bin/sh", "./x", "--version"], { sandbox: HOST, cwd: place, env: { PATH: "/usr/bin:/bin", TMPDIR: place } });
  const found = loaderIn(place);
  return found !== undefined && existsSync(found) ? found : undefined;
}

/** Counts with threads under a mutex of v3.3, which loses some on the host too, unmodified: 40 of 300 runs. */
const isRacy = (entry: Entry) => /v33\/threads/.test(entry.path);

const result = ({ exitCode, signal, stdout }: Execution) => ({ exitCode, signal, stdout });
const ending = ({ exitCode, signal }: Execution) => ({ exitCode, signal });

describe.skipIf(corpus === undefined)("SANDFIT_CORPUS, as APE", () => {
  test.each(entries.map((entry) => [entry.path, entry] as const))("%s", { timeout: 900_000 }, async (path, entry) => {
    const bytes = new Uint8Array(readFileSync(join(corpus!, path)));
    const plan = await planAs(bytes, "ape");
    const fixed = apply(bytes, plan);
    expect((await planAs(fixed, "ape")).edits).toEqual([]);
    expect(Buffer.compare(applyToCopy(fixed, backward(plan.edits)), bytes)).toBe(0);
    // Every view loads the same but for the plan, and the check finds the repair whole.
    await proveResult(memorySource(bytes, "x"), await readImage(memorySource(bytes, "x")), memorySource(fixed, "x"), plan);
    if (entry.run === undefined) return;

    const before = await start(entry, bytes, "sh", HOST);
    const ways: Way[] = ["sh", "bash -c", "assimilated", ...(loader === undefined ? [] : (["loader"] as const))];
    for (const way of ways) {
      for (const sandbox of present) {
        const after = await start(entry, fixed, way, sandbox);
        const of = isRacy(entry) ? ending : result;
        expect({ way, sandbox: sandbox.id, ...of(after) }).toEqual({ way, sandbox: sandbox.id, ...of(before) });
      }
    }
    for (const trace of ["--strace", "--ftrace"]) {
      const expected = await start(entry, bytes, "sh", HOST, [trace]);
      for (const sandbox of tracing) {
        const traced = await start(entry, fixed, "sh", sandbox, [trace]);
        expect({ trace, sandbox: sandbox.id, ...ending(traced) }).toEqual({ trace, sandbox: sandbox.id, ...ending(expected) });
      }
    }
  });

  const make = entries.filter((entry) => /make-863bcf66/.test(entry.path));
  const mutants = make.flatMap((entry) => classNames.map((missing) => [missing, entry] as const));
  test.each(mutants)("GNU Make without its %s is told as half repaired, and fails", async (missing, entry) => {
    const bytes = new Uint8Array(readFileSync(join(corpus!, entry.path)));
    const half = without(bytes, await planAs(bytes, "ape"), missing);
    expect((await findingsOf(half)).find((finding) => finding.rule === "tls-in-gs")?.facts["missing"]).not.toBe("");
    const crashed = (execution: Execution) => execution.exitCode === 139 || execution.signal === "SIGSEGV";
    const args = missing === "pairs" ? ["--strace"] : [];
    for (const sandbox of tracing)
      expect([sandbox.id, crashed(await start(entry, half, "sh", sandbox, args))]).toEqual([sandbox.id, true]);
  });
});
