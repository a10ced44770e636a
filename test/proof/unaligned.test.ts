import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check/check.js";
import { temporaryFolder } from "../support/folder.js";
import { hasProgram, testNeeding } from "../support/requirements.js";

/** With pointers to its own code, and what makes the rules walk it. */
const LIBRARY = `#include <sys/syscall.h>
#include <unistd.h>
static int one(void) { return 1; }
static int two(void) { return 2; }
int (*table[])(void) = {one, two};
long set(unsigned long base) { return syscall(SYS_arch_prctl, 0x1001, base); }
int get(void) { int value; __asm__("mov %%gs:0,%0" : "=r"(value)); return value; }
`;

testNeeding(hasProgram("gcc"), "gcc")("a program is the same wherever in memory it begins", async () => {
  const library = join(temporaryFolder(), "library.so");
  execFileSync("gcc", ["-O1", "-shared", "-fPIC", "-x", "c", "-", "-o", library], { input: LIBRARY });
  const bytes = readFileSync(library);
  const expected = await check(memorySource(new Uint8Array(bytes), "library"));
  expect(expected.views[0]!.findings.map(({ rule }) => rule)).toEqual(["gs-beside-fs"]);
  for (const skip of [1, 2, 3]) {
    const buffer = Buffer.concat([Buffer.alloc(skip, 0xff), bytes]);
    expect(await check(memorySource(buffer.subarray(skip), "library"))).toEqual(expected);
  }
});
