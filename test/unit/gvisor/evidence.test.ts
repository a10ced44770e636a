/** What rules, verdicts and pages say of runs is what the releases' files record. The proofs hold the files against runs. */

import { describe, expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { check } from "../../../src/check/check.js";
import { basisOf } from "../../../src/gvisor/behaviour.js";
import { type NamedRun, programsOf, runsIn } from "../../../src/gvisor/evidence.js";
import { releases } from "../../../src/gvisor/gvisor.js";
import { platforms } from "../../../src/gvisor/platforms.js";
import { ranReleaseIds } from "../../../src/gvisor/releases.js";
import { rules } from "../../../src/rules/index.js";
import type { Surroundings } from "../../../src/rules/surroundings.js";
import { samplePrograms } from "../../fixtures/programs/index.js";
import { loaderPrograms } from "../../fixtures/programs/loader-programs.js";
import { readPage, sectionOf } from "../../support/rule-page.js";

interface Program {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly surroundings: Surroundings;
}

const programs: readonly Program[] = [
  ...samplePrograms().map(({ name, bytes }) => ({ name, bytes, surroundings: {} })),
  ...loaderPrograms("/tmp/sandfit-folder").map(({ name, bytes, mode = 0o755 }) => ({ name, bytes, surroundings: { mode } })),
];
/** Made when the proof runs: a library for an old glibc, and what `fix --as ape` writes. */
const OTHERS = ["abi-tag", "ape-gs-apedbg as ape", "ape-gs-fat as ape", "ape-gs-jartsr as ape"];
/**
 * The verdict is about what other programs do: map-fixed-noreplace does not compare addresses, as real programs do, and fs-dlopen loads a
 * library only when it is given an argument.
 */
const MENTIONED = ["map-fixed-noreplace", "fs-dlopen"];

describe.each(ranReleaseIds)("%s", (release) => {
  const recorded = new Map<string, NamedRun[]>();
  for (const run of runsIn(release)) recorded.set(run.program, [...(recorded.get(run.program) ?? []), run]);

  test("every program was run, and nothing that is no more", () => {
    expect([...recorded.keys()].sort()).toEqual([...programs.map(({ name }) => name), ...OTHERS].sort());
  });

  test.each(programs.map((program) => [program.name, program] as const))(
    "%s: the verdict is what was seen",
    async (name, program) => {
      const report = await check(memorySource(program.bytes, name), { release, platforms }, program.surroundings);
      const views = report.views.filter(({ machine }) => machine !== "aarch64");
      for (const { rules: found, original, fixed } of recorded.get(name) ?? []) {
        expect(found).toEqual([...new Set(views.flatMap(({ findings }) => findings.map(({ rule }) => rule)))].sort());
        for (const [platform, outcome] of Object.entries(original)) {
          if (MENTIONED.includes(name)) continue;
          const verdicts = views.map((view) => view.verdicts[platform as keyof typeof original]!);
          expect({ platform, runs: verdicts.every((verdict) => verdict.outcome === "runs") }).toEqual({
            platform,
            runs: outcome === "runs",
          });
          if (outcome === "fails") expect(verdicts.map(({ basis }) => basis)).toContain("run");
        }
        expect(new Set(Object.values(fixed ?? { systrap: "runs" }))).toEqual(new Set(["runs"]));
      }
    },
  );
});

test("no rule claims a run on a platform or in a release that was not run", () => {
  for (const { id, behaviour } of rules) {
    for (const release of releases) {
      for (const platform of platforms) {
        const claims = basisOf(id, behaviour, release, platform) === "run";
        expect(claims && !release.ran.includes(platform)).toBe(false);
      }
    }
  }
});

test("what a rule says of a release and platform that was run is what a program showed there", () => {
  const unseen = rules.filter(({ id, behaviour }) =>
    releases.some((release) => release.ran.some((platform) => basisOf(id, behaviour, release, platform) === "source")),
  );
  expect(unseen.map(({ id }) => id)).toEqual([]);
});

/** Names of sample programs in a page's own words. */
const named = (text: string): string[] =>
  Array.from(text.matchAll(/`([\w-]+)`/g), ([, name]) => name!).filter((name) =>
    programs.some((program) => program.name === name),
  );

test.each(rules.map((rule) => [rule.id] as const))(
  "%s: programs that its page names were run, and it finds something in them",
  (id) => {
    const shown = programsOf(id);
    expect(named(sectionOf(readPage(id), "Evidence")!).filter((name) => !shown.has(name))).toEqual([]);
  },
);
