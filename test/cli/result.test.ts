/** What a report says first, and that it says nothing twice or against itself. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sandfit, temporaryFolder, writeSample } from "../support/cli.js";

const folder = temporaryFolder();
for (const name of ["ape-gs-fat", "healthy", "gs-call"]) writeSample(folder, name);
const report = async (...args: string[]) => (await sandfit(["report", ...args], { cwd: folder })).stdout;

test("the result is the first sentence", async () => {
  const lines = (await report("ape-gs-fat")).split("\n");
  expect(lines[2]).toBe("**Will not run in gVisor (x86-64); `sandfit fix ape-gs-fat` repairs it.**");
  expect(lines[4]).toMatch(/^Made by Sandfit \S+ on \d{4}-\d\d-\d\d \d\d:\d\d UTC, on /);
  expect((await report("healthy")).split("\n")[2]).toBe("**Nothing found against it.**");
  expect((await report(".")).split("\n")[2]).toMatch(/^\*\*3 programs: 2 will not run, /);
});

test("what is not the cause is not among the causes", async () => {
  const text = await report("ape-gs-fat");
  const [, cause = "", also = ""] =
    /## Root cause\n([\s\S]*?)\n## Also found, and not the cause\n([\s\S]*?)\n## /.exec(text) ?? [];
  expect(cause).toContain("**tls-in-gs**");
  expect(cause).not.toContain("ape-not-elf");
  expect(also).toContain("**ape-not-elf**");
});

test("one table of places, original and fixed; what was not run is not said to run", async () => {
  const text = await report("ape-gs-fat");
  expect(text).toContain("| place | original | fixed |");
  expect(text).toContain("| x86-64 on gVisor, systrap (not run here) | will not run | nothing found against it |");
  expect(text).not.toMatch(/\bRuns:|✔/);
  expect(text.match(/`sandfit fix` repairs it/g)).toHaveLength(2);
});

test("the places shown first are those that are reached from the entry point", async () => {
  const rows = (await report("gs-call")).split("\n").filter((line) => line.includes("access to thread state"));
  expect(rows.length).toBeGreaterThan(1);
  for (const row of rows) expect(row).toContain("reached from the entry point");
});

test.each([
  ["x.html", /^<!doctype html>[\s\S]*<body class="fails">/],
  ["x.json", /^\{\n {2}"version": 1/],
  ["x.md", /^# /],
  ["x", /^# /],
])("-o %s chooses the format", async (name, start) => {
  await report("gs-call", "-o", name);
  expect(readFileSync(join(folder, name), "utf8")).toMatch(start);
});
