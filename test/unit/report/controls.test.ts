/** Nothing that a file holds reaches a terminal as a control character. */

import { expect, test } from "vitest";
import { withInterpreters } from "../../../src/asm/loader-shapes.js";
import { jsonText, printable } from "../../../src/bytes/printable.js";
import { memorySource } from "../../../src/bytes/source.js";
import { check, checkImage } from "../../../src/check/check.js";
import { MODEL_VERSION } from "../../../src/check/model.js";
import { planFix } from "../../../src/fix/plan.js";
import { newest } from "../../../src/gvisor/gvisor.js";
import { readImage } from "../../../src/image/detect.js";
import { plain } from "../../../src/report/paint.js";
import { renderPlan } from "../../../src/report/plan.js";
import { renderText } from "../../../src/report/text.js";
import { sampleProgram } from "../../fixtures/programs/index.js";
import { loaderPrograms } from "../../fixtures/programs/loader-programs.js";
import { temporaryFolder } from "../../support/folder.js";

const controls = /[^\n\P{Cc}]/u;
const folder = temporaryFolder();

test("neither does what turns text around", () => {
  expect(printable("a\u202egpj.\u2066\u2028\x9b\n")).toBe("a\\u202egpj.\\u2066\\u2028\\x9b\\x0a");
  expect(printable("é 語 ✔")).toBe("é 語 ✔");
});

test("JSON of every kind has them as escapes, and means the same", () => {
  const names = ["\x9b31m", "\x7f", "a\u202egpj.\u2066\u2028", "é 語 ✔ 😀", "two\nlines\t\x1b"];
  for (const indent of [undefined, 2]) {
    const text = jsonText({ [names[0]!]: names }, indent);
    expect(text).not.toMatch(/[^\n\P{Cc}]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u);
    expect(text).toContain("\\u202e");
    expect(JSON.parse(text)).toEqual({ [names[0]!]: names });
  }
  expect(jsonText({ a: [1, "é"] }, 2)).toBe(JSON.stringify({ a: [1, "é"] }, null, 2));
});

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

test("not by the interpreters that a program names (found by fuzzing)", async () => {
  const path = "/<b>![x](http://127.0.0.1/)\x1b[2J";
  const source = memorySource(withInterpreters(sampleProgram("healthy").bytes, [path, "/other"]), "program");
  const image = await readImage(source);
  const report = await checkImage(source, image);
  const text = renderText({ version: MODEL_VERSION, target: newest, files: [report] }, { all: true, why: true, paint: plain });
  expect(text).toContain("PT_INTERP /<b>![x](http://127.0.0.1/)\\x1b[2J");
  expect(text).not.toMatch(controls);
});

test("not by the first line of a script, in the report or the plan", async () => {
  const source = memorySource(Buffer.from(`#!/usr/bin/python3 -\x1b[2J${"x".repeat(300)}\n`), "script\x07");
  const image = await readImage(source);
  const report = await checkImage(source, image);
  const plan = await planFix(source, image, report);
  const texts = [
    renderText({ version: MODEL_VERSION, target: newest, files: [report] }, { all: true, why: true, paint: plain }),
    renderPlan(plan, { output: "out\x07", replacesInput: false, dryRun: false, lost: [], paint: plain }),
  ];
  for (const text of texts) expect(text).not.toMatch(controls);
});
