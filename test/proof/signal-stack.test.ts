/** growsdown in a program that calls mmap through the C library, as gcc builds it; no walk is needed. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { check } from "../../src/check/check.js";
import { temporaryFolder } from "../support/folder.js";
import { hasProgram, testNeeding } from "../support/requirements.js";

const findings = async (path: string) => (await check(memorySource(readFileSync(path), "program"))).views[0]!.findings;

/** How kj makes the stack for its crash handler. `sigaltstack` is called, or left out, or something else is called in between. */
const signalStack = (between: string, call: string) => `#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void) {
  stack_t stack = {0};
  stack.ss_size = 65536;
  stack.ss_sp = mmap(0, stack.ss_size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE | MAP_GROWSDOWN, -1, 0);
  ${between}
  return ${call};
}
`;

testNeeding(hasProgram("gcc"), "gcc")("a growing mapping as the stack for signals, through the C library", async () => {
  const folder = temporaryFolder();
  const rulesWith = async (between: string, call: string) => {
    const program = join(folder, "program");
    execFileSync("gcc", ["-O2", "-x", "c", "-", "-o", program], { input: signalStack(between, call) });
    return (await findings(program)).map(({ rule }) => rule);
  };
  expect(await rulesWith("", "sigaltstack(&stack, 0)")).toEqual([]);
  expect(await rulesWith("", "stack.ss_sp == MAP_FAILED")).toEqual(["growsdown"]);
  expect(await rulesWith("write(1, stack.ss_sp, 1);", "sigaltstack(&stack, 0)")).toEqual(["growsdown"]);
  // Beside one that may have to grow, only that one counts.
  const other = "mmap(0, 4096, 3, MAP_ANONYMOUS | MAP_PRIVATE | MAP_GROWSDOWN | MAP_STACK, -1, 0) == MAP_FAILED";
  expect(await rulesWith("", `sigaltstack(&stack, 0) || ${other}`)).toEqual(["growsdown"]);
  const [{ sites }] = await findings(join(folder, "program"));
  expect(sites.map((site) => site.text)).toEqual([expect.stringContaining("$0x20122")]);
});
