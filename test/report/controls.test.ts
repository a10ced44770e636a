/** Nothing that a file holds reaches a terminal as a control character. */

import { expect, test } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { check, checkImage } from "../../src/check.js";
import { planFix } from "../../src/fix/plan.js";
import { readImage } from "../../src/image/detect.js";
import { MODEL_VERSION } from "../../src/report/model.js";
import { plain } from "../../src/report/paint.js";
import { renderPlan } from "../../src/report/plan.js";
import { renderText } from "../../src/report/text.js";
import { newest } from "../../src/sandbox/gvisor.js";
import { loaderPrograms } from "../fixtures/programs/loader-programs.js";
import { temporaryFolder } from "../support/cli.js";

const controls = /[^\n\P{Cc}]/u;
const folder = temporaryFolder();

test("not by a section's name (found by fuzzing)", async () => {
  const bytes = Buffer.from(loaderPrograms(folder).find((one) => one.name === "pie-align")!.bytes);
  const name = bytes.indexOf("\0.text\0");
  expect(name).toBeGreaterThan(0);
  bytes.write("\x1b[2J", name + 1, "latin1");
  const report = await check(memorySource(bytes, "program"));
  expect(report.views[0]!.findings.map((finding) => finding.facts["section"])).toContain("\x1b[2Jt");
  const text = renderText({ version: MODEL_VERSION, target: newest, files: [report] }, { all: true, why: true, paint: plain });
  expect(text).toContain("section \\x1b[2Jt wants");
  expect(text).not.toMatch(controls);
});

test("not by the first line of a script, in the report or the plan", async () => {
  const source = memorySource(Buffer.from(`#!/usr/bin/python3 -\x1b[2J${"x".repeat(300)}\n`), "script\x07");
  const image = await readImage(source);
  const report = await checkImage(source, image);
  const plan = await planFix(source, image, report);
  const texts = [
    renderText({ version: MODEL_VERSION, target: newest, files: [report] }, { all: true, why: true, paint: plain }),
    renderPlan(plan, { output: "out\x07", replacesInput: false, dryRun: false, paint: plain }),
  ];
  for (const text of texts) expect(text).not.toMatch(controls);
});
