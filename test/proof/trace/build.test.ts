/** The tracer that the repository holds is the one that its sources give. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { callNamed, callsWith } from "../../../src/environments/trace/calls.js";
import { tracerProgram } from "../../../src/environments/trace/tracer.js";
import { testNeeding } from "../../support/requirements.js";

const scriptPath = "../../../scripts/tracer.mjs";
const { compileTracer, findZig, ZIG } = (await import(scriptPath)) as {
  compileTracer(zig: readonly string[]): Buffer;
  findZig(): string[] | undefined;
  ZIG: string;
};
const zig = findZig();

testNeeding(zig !== undefined, `Zig ${ZIG}`)("compiling tracer/ gives the bytes that are here", () => {
  expect(compileTracer(zig!).equals(tracerProgram())).toBe(true);
});

test("it is a static program of at most 40 KB, with nothing of the machine that made it", () => {
  const program = Buffer.from(tracerProgram());
  expect(program.subarray(0, 4).toString("latin1")).toBe("\x7fELF");
  expect(program.readUInt16LE(16)).toBe(2); // ET_EXEC
  expect(program.length).toBeLessThanOrEqual(40_000);
  const headers = Array.from({ length: program.readUInt16LE(56) }, (_, i) => program.readUInt32LE(64 + 56 * i));
  expect(headers).not.toContain(3); // PT_INTERP
  expect(program.toString("latin1")).not.toMatch(/\/(tmp|root|home|usr|work)\//);
});

test("the table has every call that Linux has on x86-64, once", () => {
  const table = JSON.parse(readFileSync(new URL("../../../tracer/calls.json", import.meta.url), "utf8"));
  const numbers = Object.values(table as Record<string, [number, number, string]>).map(([number]) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect([callNamed("openat").number, callNamed("io_uring_setup").number, callNamed("mseal").number]).toEqual([257, 425, 462]);
  expect(callsWith(({ makesDescriptor }) => makesDescriptor)).toContain(callNamed("socket").number);
});
