/** Every sample program, run natively and in every sandbox there is: what is recorded has to happen, in the way that the sample says. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Execution, execute } from "../../src/environments/run/execute.js";
import type { Sandbox } from "../../src/environments/run/sandbox.js";
import {
  fateIn,
  repairByHand,
  repairPortablyByHand,
  type SampleProgram,
  SITE_KINDS,
  type SiteKind,
  samplePrograms,
} from "../fixtures/programs/index.js";
import type { Fate } from "../fixtures/programs/sample.js";
import { boxes, isRecording, recordOrCompare, rulesIn } from "../support/evidence.js";
import { testNeeding } from "../support/requirements.js";

const folder = mkdtempSync(join(tmpdir(), "sandfit-programs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const programs = samplePrograms();

function run(program: SampleProgram, bytes: Uint8Array, name: string, sandbox: Sandbox): Promise<Execution> {
  const path = join(folder, name);
  writeFileSync(path, bytes, { mode: 0o755 });
  const command = program.start === "shell" ? ["/bin/sh", path] : [path];
  return execute(command, { sandbox, timeout: 30_000, cwd: folder, env: { PATH: "/usr/bin:/bin", TMPDIR: folder } });
}

function fateOf(execution: Execution, program: SampleProgram): Fate | "other" {
  if (execution.startError !== undefined) return "not-started";
  // Through a shell a crash arrives as its exit code 139, natively too.
  if (execution.signal === "SIGSEGV" || execution.exitCode === 139) return "crashes";
  if (execution.exitCode !== 0) return "other";
  return execution.stdout === program.expectedStdout ? "runs" : "prints-wrong";
}

describe.each(boxes.map((box) => [box.name, box] as const))("%s", (_box, { id, sandbox }) => {
  const inBox = testNeeding(sandbox !== undefined, id);
  inBox.each(programs.map((program) => [program.name, program] as const))("%s", async (name, program) => {
    const execution = await run(program, program.bytes, `${id}-${name}`, sandbox!);
    const fate = fateOf(execution, program);
    const original = fate === "runs" ? "runs" : "fails";
    recordOrCompare("programs", name, sandbox!, { rules: await rulesIn(program.bytes, sandbox!), original });
    const stderr = execution.stderr.slice(0, 200);
    if (!isRecording) expect({ fate, stderr }).toMatchObject({ fate: fateIn(program, sandbox) });
  });

  const repairable = programs.filter((program) => program.repaired);
  inBox.each(repairable.map((program) => [program.name, program] as const))(
    "%s, repaired by hand at its marked places",
    async (name, program) => {
      const execution = await run(program, repairByHand(program), `${id}-${name}.fixed`, sandbox!);
      expect(fateOf(execution, program)).toBe(program.repaired);
    },
  );

  const portable = repairable.filter((program) => program.sites.some((site) => site.kind === "morph-mask"));
  inBox.each(portable.map((program) => [program.name, program] as const))(
    "%s, repaired portably by hand",
    async (name, program) => {
      const execution = await run(program, repairPortablyByHand(program), `${id}-${name}.portable`, sandbox!);
      expect(fateOf(execution, program)).toBe(program.repaired);
    },
  );
});

describe("the catalogue", () => {
  test("has unique names", () => {
    expect(new Set(programs.map((program) => program.name)).size).toBe(programs.length);
  });

  test("builds the same bytes every time", () => {
    expect(samplePrograms().map((program) => program.bytes)).toEqual(programs.map((program) => program.bytes));
  });

  test.each(programs.map((program) => [program.name, program] as const))(
    "%s: marked places hold what their kind says",
    (_, program) => {
      for (const { kind, offset } of program.sites) {
        expect(Object.keys(SITE_KINDS)).toContain(kind);
        const check = FORMS[kind as SiteKind];
        const bytes = Buffer.from(program.bytes.subarray(offset, offset + 10)).toString("hex");
        if (check) expect(bytes, `${kind} at ${offset.toString(16)}`).toMatch(check);
      }
    },
  );
});

/** What the bytes at a marked place begin with. */
const FORMS: Partial<Record<SiteKind, RegExp>> = {
  "tls-load": /^65(48|4c)(8b|03)..2530000000/,
  "tls-indirect": /^65488b00/,
  "set-gs": /^bf01100000/,
  "dlopen-once": /^(554889e5e8|4883ec08e8|e9)/,
  "dlopen-start": /^f605........21/,
  "stack-jump-a": /^0f84/,
  "stack-jump-b": /^0f85/,
  windows: /^65/,
  macos: /^65(48|4c)8b..2530000000/,
  metal: /^8ee8/,
  "unrelated-constant": /^bf01100000/,
  "freebsd-constant": /^bf83000000/,
  "morph-mask": /^4183e454/,
  "pair-mask": /^f6c250/,
  "null-selector": /^8ee8/,
  "shared-validate": /^41ba03000000/,
  "far-number": /^b8..000000/,
  "near-number": /^b8..0000000f05/,
};
