/** `renderSarif`: valid against the schema of SARIF 2.1.0, and with what the report says. */

import type { Log, Result } from "sarif";
import { expect, test } from "vitest";
import { memorySource } from "../../../src/bytes/source.js";
import { check } from "../../../src/check/check.js";
import type { FileError, FileReport, Report } from "../../../src/check/model.js";
import { newest } from "../../../src/gvisor/gvisor.js";
import { renderSarif } from "../../../src/report/sarif.js";
import { rules } from "../../../src/rules/index.js";
import { sampleProgram, samplePrograms } from "../../fixtures/programs/index.js";
import { isSarif, validSarif } from "../../support/sarif.js";

async function sarif(files: (FileReport | FileError)[]): Promise<Log> {
  const report: Report = { version: 1, target: newest, files };
  return validSarif(renderSarif(report));
}

const checked = (name: string, as = name): Promise<FileReport> => check(memorySource(sampleProgram(name).bytes, as));

test("the schema that is held against refuses what is no SARIF", () => {
  expect(isSarif({ version: "2.1.0", runs: [{ results: [] }] })).toBe(false);
  expect(isSarif({ version: "2.0.0", runs: [] })).toBe(false);
});

test("every sample program makes a valid log, and a result a finding", async () => {
  const files: FileReport[] = [];
  for (const { name } of samplePrograms()) {
    const file = await checked(name).catch(() => undefined);
    if (file !== undefined) files.push(file);
  }
  const log = await sarif(files);
  const findings = files.flatMap((file) => file.views.flatMap((view) => view.findings));
  expect(log.runs[0].results).toHaveLength(findings.length);
  expect(findings.length).toBeGreaterThan(20);
  for (const result of log.runs[0].results!) {
    const { rules: declared } = log.runs[0].tool.driver;
    expect(declared![result.ruleIndex!].id).toBe(result.ruleId);
  }
  expect(log.runs[0].tool.driver.rules!.map(({ id }) => id)).toEqual(rules.map(({ id }) => id));
});

test("a finding's places are bytes and addresses", async () => {
  const log = await sarif([await checked("gs-call", "build/gs call")]);
  const [result] = log.runs[0].results as [Result];
  const { bytes } = sampleProgram("gs-call");
  expect(result).toMatchObject({ ruleId: "tls-in-gs", level: "error", properties: { fixable: true, machine: "x86-64" } });
  const places = [...result.locations!, ...result.relatedLocations!];
  expect(places.length).toBe(result.properties!["places"]);
  for (const { physicalLocation: place, message } of places) {
    const { byteOffset, byteLength } = place!.region!;
    const there = Buffer.from(bytes.subarray(byteOffset, byteOffset! + byteLength!)).toString("hex");
    expect(there, message!.text).toMatch(/^(64|65|bf0[12]1000|.*0[12]1000)/);
    expect(place!.artifactLocation!.uri).toBe("build/gs%20call");
    expect(place!.address!.absoluteAddress).toBeGreaterThan(0);
  }
});

test("levels follow what happens", async () => {
  const level = async (name: string, rule: string) =>
    (await sarif([await checked(name)])).runs[0].results!.find(({ ruleId }) => ruleId === rule)?.level;
  expect(await level("gs-call", "tls-in-gs")).toBe("error");
  expect(await level("fs-stack-b", "stack-growsdown")).toBe("warning");
  expect(await level("ape-fs", "ape-not-elf")).toBe("note");
});

test("what could not be read is told, and the run was no success", async () => {
  const log = await sarif([await checked("healthy", "/abs/héalthy"), { name: "gone", error: "gone cannot be opened" }]);
  const [run] = log.runs;
  expect(run.results).toEqual([]);
  expect(run.artifacts![0].location!.uri).toBe("file:///abs/h%C3%A9althy");
  expect(run.invocations![0]).toMatchObject({
    executionSuccessful: false,
    toolExecutionNotifications: [{ level: "error", message: { text: "gone cannot be opened" } }],
  });
});
