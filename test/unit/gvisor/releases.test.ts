/** The releases' files: each is what its schema says, the list is theirs, and what speaks of releases elsewhere speaks of all of them. */

import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { idsOfFiles, listText, readRelease, releaseText } from "../../../scripts/release-files.js";
import { ruleProbes } from "../../../src/environments/probe/tests.js";
import { limitsOf } from "../../../src/environments/rehearsal/limits.js";
import { ERRNO } from "../../../src/gvisor/errno.js";
import { platforms } from "../../../src/gvisor/platforms.js";
import { refusals } from "../../../src/gvisor/refusals.js";
import { ranReleaseIds, releaseFiles, releaseIds } from "../../../src/gvisor/releases.js";
import { CAPABILITIES, systemCallsOf } from "../../../src/gvisor/system-calls.js";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const validate = new Ajv({ strict: true }).compile(JSON.parse(read("src/gvisor/release.schema.json")));

test("the list is that of the files (`npm run learn` writes both)", () => {
  expect(releaseIds).toEqual(idsOfFiles());
  expect(read("src/gvisor/releases.ts")).toBe(listText());
});

describe.each(releaseIds)("%s", (id) => {
  const file = releaseFiles[id];
  test("is what the schema says, written as it is always written", () => {
    const text = read(`src/gvisor/releases/${id}.json`);
    expect(validate(JSON.parse(text)), JSON.stringify(validate.errors)).toBe(true);
    expect(releaseText(readRelease(id)!)).toBe(text);
    expect(file.id).toBe(id);
  });

  test("is of one piece: everything that a run tells where it was run, nothing where only the source was read", () => {
    const ran = platforms.filter((platform) => file.platforms[platform] === "run");
    const told = [file.version, file.uname, file.from].map((one) => one !== undefined);
    expect(told).toEqual(told.map(() => ran.length > 0));
    const ids = ruleProbes.map((probe) => probe.id).sort();
    expect(Object.keys(file.probes)).toEqual(ran.length > 0 ? ids : []);
    for (const results of Object.values(file.probes)) expect(Object.keys(results).sort()).toEqual([...ran].sort());
  });
});

describe.each(ranReleaseIds)("%s, which was run", (id) => {
  test("names errors, capabilities and refusals that there are", () => {
    const answers = [...systemCallsOf(id).values()].filter((answer) => answer !== "served");
    for (const answer of answers)
      expect("errno" in answer ? ERRNO[answer.errno] : CAPABILITIES[answer.capability]).toBeTypeOf("number");
    expect(Object.keys(refusals)).toEqual(expect.arrayContaining(Object.keys(releaseFiles[id].refusals)));
    const assumed = Object.entries(releaseFiles[id].refusals).filter(([, how]) => how === "assumed");
    expect(assumed.filter(([refusal]) => refusals[refusal]!.unprobed === undefined)).toEqual([]);
  });

  test("a rehearsal's limits have its words", () => {
    expect(limitsOf(id).join()).toContain(`uname says ${releaseFiles[id].uname} there`);
  });

  test("README.md and docs/rehearsal.md name it", () => {
    expect(read("README.md")).toContain(id);
    expect(read("docs/rehearsal.md")).toContain(id);
  });
});

test("every refusal is one of some release", () => {
  const held = new Set(ranReleaseIds.flatMap((id) => Object.keys(releaseFiles[id].refusals)));
  expect(Object.keys(refusals).filter((id) => !held.has(id))).toEqual([]);
});

test("schema/report-1.json has every release", () => {
  const { release, effect } = JSON.parse(read("schema/report-1.json")).definitions;
  expect(release.enum).toEqual(releaseIds);
  expect(effect.properties.releases.required).toEqual(releaseIds);
  expect(Object.keys(effect.properties.releases.properties)).toEqual(releaseIds);
});
