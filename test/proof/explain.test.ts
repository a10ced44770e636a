/** Minimal programs that die in gVisor, each for one rule: how they end fits that rule's signature, and the explanation names it first. */

import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { explain } from "../../src/diagnose/explain/explain.js";
import { settingOf } from "../../src/diagnose/explain/setting.js";
import { fitOf } from "../../src/diagnose/explain/signature.js";
import { renderExplanation } from "../../src/diagnose/explain/words.js";
import { execute } from "../../src/environments/run/execute.js";
import type { RunscSandbox } from "../../src/environments/run/sandbox.js";
import { consequenceIn } from "../../src/gvisor/behaviour.js";
import { releaseOfVersion } from "../../src/gvisor/evidence.js";
import { releases } from "../../src/gvisor/gvisor.js";
import { plain } from "../../src/report/paint.js";
import { findRule } from "../../src/rules/index.js";
import { fateIn, sampleProgram } from "../fixtures/programs/index.js";
import { INTERPRETER, interpreterProgram, LONG_FOLDER, loaderPrograms } from "../fixtures/programs/loader-programs.js";
import { temporaryFolder } from "../support/cli.js";
import { gvisorBoxes } from "../support/evidence.js";
import { testNeeding } from "../support/requirements.js";

const folder = temporaryFolder();
mkdirSync(join(folder, LONG_FOLDER), { recursive: true });
symlinkSync("/usr/bin/python3", join(folder, LONG_FOLDER, "python3"));
writeFileSync(join(folder, INTERPRETER), interpreterProgram(), { mode: 0o755 });

interface Case {
  readonly name: string;
  readonly rule: string;
  readonly bytes: Uint8Array;
  readonly diesIn: (sandbox: RunscSandbox) => boolean;
}

/** Those that only print something else or end with an error of their own; and a mode that root does not mind (test/proof/run has that). */
const OTHERS = [
  "pie-align",
  "load-tail-data",
  "phdr-elsewhere",
  "shebang-trailing-blank",
  "shebang-many-blanks",
  "exec-only-mode",
];
const ofTheLoader = loaderPrograms(folder).filter(({ name }) => !OTHERS.includes(name));
const CRASHING = [
  ["gs-call", "tls-in-gs"],
  ["gs-stack-a", "tls-in-gs"],
  ["fs-stack-b", "stack-growsdown"],
  ["dual-register", "gs-beside-fs"],
  ["gs-selector", "gs-selector-load"],
  ["growsdown", "growsdown"],
  ["elf32-hello", "wrong-class"],
] as const;

const cases: readonly Case[] = [
  ...ofTheLoader.map(({ name, rule, bytes }) => ({
    name,
    rule,
    bytes,
    diesIn: ({ release, platform }: RunscSandbox) => {
      const known = releases.find(({ id }) => id === releaseOfVersion(release))!;
      return consequenceIn(findRule(rule)!.behaviour, known, platform as "ptrace" | "systrap") !== "runs";
    },
  })),
  ...CRASHING.map(([name, rule]) => ({
    name,
    rule,
    bytes: sampleProgram(name).bytes,
    diesIn: (sandbox: RunscSandbox) => ["crashes", "not-started"].includes(fateIn(sampleProgram(name), sandbox)),
  })),
];
for (const { name, bytes } of cases) {
  writeFileSync(join(folder, name), bytes);
  chmodSync(join(folder, name), 0o755);
}

for (const { name: box, sandbox } of gvisorBoxes) {
  const dying = sandbox === undefined ? cases : cases.filter(({ diesIn }) => diesIn(sandbox));
  describe(box, () => {
    const inBox = testNeeding(sandbox !== undefined, "that gVisor");
    inBox.each(dying.map((one) => [one.name, one.rule] as const))("%s: %s", async (name, rule) => {
      const command = [join(folder, name)];
      const how = await execute(command, { sandbox: sandbox!, cwd: folder });
      const explanation = await explain(command, how, async () => settingOf(sandbox!));
      const { signature } = findRule(rule)!;
      expect({ rule, fit: fitOf(signature, explanation!), kind: explanation!.kind }).toEqual({
        rule,
        fit: "fits",
        kind: signature?.execve === undefined ? "crash" : "start",
      });
      const words = await renderExplanation(explanation!, plain);
      expect(/^ {2}rule +(?:may be why: )?([a-z0-9-]+) in /m.exec(words)?.[1], words).toBe(rule);
    });

    inBox("shebang-trailing-blank: an error of the interpreter, and this may be why", async () => {
      const { name, bytes } = loaderPrograms(folder).find((program) => program.rule === "shebang-trailing-blank")!;
      const path = join(folder, name);
      writeFileSync(path, bytes, { mode: 0o755 });
      const how = await execute([path], { sandbox: sandbox!, cwd: folder });
      const explanation = await explain([path], how, async () => settingOf(sandbox!));
      expect(explanation!.kind).toBe("maybe");
      expect(await renderExplanation(explanation!, plain)).toMatch(/rule +may be why: shebang-trailing-blank in /);
    });
  });
}
