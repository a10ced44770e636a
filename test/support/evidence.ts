/**
 * Runs of programs in gVisor and the releases' files, src/gvisor/releases: a proof compares what it sees with what is recorded there.
 * With SANDFIT_RECORD=1 it records instead, and with SANDFIT_RECORD=RELEASE for that release alone, whose sandboxes are then the only
 * ones that are run (`npm run learn` does so). Recording tests run one after another: vitest.config.ts sees to it.
 */

import { expect } from "vitest";
import { readRelease, writeRelease } from "../../scripts/release-files.js";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check/check.js";
import type { RunscSandbox, Sandbox } from "../../src/environments/run/sandbox.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { releaseOfVersion } from "../../src/gvisor/evidence.js";
import { newest, type Platform, type Release, releases, type Target } from "../../src/gvisor/gvisor.js";
import type { Evidence, Outcome, ProgramRun } from "../../src/gvisor/release-file.js";
import { releaseFiles } from "../../src/gvisor/releases.js";
import type { Surroundings } from "../../src/rules/surroundings.js";

const asked = process.env["SANDFIT_RECORD"];
/** Whether what is seen is recorded rather than compared. */
export const isRecording = asked !== undefined && asked !== "";

/** A sandbox that the tests are to be run in; `sandbox` is undefined where this machine lacks it, and `name` then says why. */
export interface Box {
  readonly id: string;
  readonly name: string;
  readonly sandbox: Sandbox | undefined;
}

export interface GvisorBox extends Box {
  readonly sandbox: RunscSandbox | undefined;
  readonly release: Release;
  readonly platform: Platform;
}

const { present, absent } = await findSandboxes();

function boxOf(id: string): Box {
  const sandbox = present.find((box) => box.id === id);
  const why = absent.find((box) => box.id === id)?.reason ?? "not installed";
  return { id, sandbox, name: sandbox === undefined ? `${id} (skipped: ${why})` : id };
}

/** Every release on every platform that it was run on. */
export const gvisorBoxes: readonly GvisorBox[] = releases
  .filter(({ id }) => !isRecording || asked === "1" || asked === id)
  .flatMap((release) =>
    release.ran.map((platform) => {
      const box = boxOf(`${releaseFiles[release.id].version}-${platform}`);
      return { ...box, sandbox: box.sandbox as RunscSandbox | undefined, release, platform };
    }),
  );

/** The host, those, and what other runsc this machine has. */
export const boxes: readonly Box[] =
  isRecording && asked !== "1"
    ? gvisorBoxes
    : [
        boxOf("host"),
        ...gvisorBoxes,
        ...present
          .filter(({ id, kind }) => kind === "runsc" && !gvisorBoxes.some((box) => box.id === id))
          .map(({ id }) => boxOf(id)),
      ];

/** The rules that find something in a program, asked about the release of a sandbox. */
export async function rulesIn(bytes: Uint8Array, sandbox: Sandbox, surroundings: Surroundings = {}): Promise<string[]> {
  const id = sandbox.kind === "runsc" ? releaseOfVersion(sandbox.release) : undefined;
  const target: Target = { ...newest, ...(id && { release: id }) };
  const { views } = await check(memorySource(bytes), target, surroundings);
  return [
    ...new Set(views.filter(({ machine }) => machine !== "aarch64").flatMap(({ findings }) => findings.map(({ rule }) => rule))),
  ];
}

/** What a program did in one sandbox, and the rules that find something in it. */
export interface Seen {
  readonly rules: readonly string[];
  readonly original: Outcome;
  readonly fixed?: Outcome;
}

/** Records what was seen, or expects it to be what is recorded. `test` names the test's file. */
export function recordOrCompare(test: string, program: string, sandbox: Sandbox, seen: Seen): void {
  const id = sandbox.kind === "runsc" ? releaseOfVersion(sandbox.release) : undefined;
  if (sandbox.kind !== "runsc" || id === undefined) return;
  const { platform } = sandbox;
  const now: ProgramRun = {
    rules: [...seen.rules].sort(),
    original: { [platform]: seen.original },
    ...(seen.fixed && { fixed: { [platform]: seen.fixed } }),
  };
  if (isRecording) record(id, test, program, now);
  else {
    const { rules, original, fixed } = releaseFiles[id].evidence[test]?.[program] ?? { rules: [], original: {} };
    expect(now, `src/gvisor/releases/${id}.json says otherwise; SANDFIT_RECORD=1 records what is seen`).toEqual({
      rules,
      original: { [platform]: original[platform] },
      ...(fixed && { fixed: { [platform]: fixed[platform] } }),
    });
  }
}

function record(id: string, test: string, program: string, now: ProgramRun): void {
  const release = readRelease(id)!;
  const before = release.evidence[test]?.[program];
  const run: ProgramRun = {
    rules: now.rules,
    original: { ...before?.original, ...now.original },
    ...(now.fixed && { fixed: { ...before?.fixed, ...now.fixed } }),
  };
  const evidence: Evidence = { ...release.evidence, [test]: { ...release.evidence[test], [program]: run } };
  writeRelease({ ...release, evidence });
}
