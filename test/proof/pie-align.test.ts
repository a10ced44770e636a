/**
 * pie-align with a program that gcc makes: misplaced in gVisor, right when ld.so is told to load it. And why `fix` offers nothing: the
 * only edit that is small gives the segments fixed addresses, and then nothing finds the unwind tables any more, on plain Linux too.
 */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect } from "vitest";
import { headersOf, PT_LOAD, withHeaders } from "../../src/asm/loader-shapes.js";
import { execute } from "../../src/environments/run/execute.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { sandfit, temporaryFolder } from "../support/cli.js";
import { hasProgram, testNeeding } from "../support/requirements.js";

const folder = temporaryFolder();
const [program, fixedAddresses] = [join(folder, "aligned"), join(folder, "fixed-addresses")];
const LINKER = "/lib64/ld-linux-x86-64.so.2";
const BASE = 0x400000;

/** Prints how far from a multiple of 1 MiB its table is, and how many functions a backtrace finds: three, of which one is main. */
const text = `#include <execinfo.h>
#include <stdint.h>
#include <stdio.h>
static char table[1 << 20] __attribute__((aligned(1 << 20)));
int main(void) {
  uintptr_t at = (uintptr_t)table;
  void *found[16];
  __asm__("" : "+r"(at));
  printf("off %lu of %d\\n", (unsigned long)(at & ((1 << 20) - 1)), backtrace(found, 16) > 2);
  return 0;
}
`;
const RIGHT = "off 0 of 1\n";

/** glibc looks at p_align since 2.35 (commit fc2334aba8). */
function glibcAligns(): boolean {
  const [major, minor] = execFileSync("getconf", ["GNU_LIBC_VERSION"], { encoding: "utf8" })
    .split(" ")[1]!
    .split(".")
    .map(Number);
  return major! > 2 || (major === 2 && minor! >= 35);
}

/** ET_EXEC, with addresses in the PT_LOADs and in e_entry; PT_PHDR stays, so that ld.so reckons with the distance. */
function withFixedAddresses(bytes: Uint8Array): Uint8Array {
  const headers = headersOf(bytes).map((one) => (one.type === PT_LOAD ? { ...one, address: one.address + BASE } : one));
  const out = withHeaders(bytes, headers);
  const view = new DataView(out.buffer);
  view.setUint16(16, 2, true);
  view.setBigUint64(24, view.getBigUint64(24, true) + BigInt(BASE), true);
  return out;
}

const { present } = await findSandboxes();
const testWithGcc = testNeeding(hasProgram("gcc") && glibcAligns(), "gcc and glibc 2.35");

beforeAll(() => {
  if (!hasProgram("gcc")) return;
  writeFileSync(`${program}.c`, text);
  execFileSync("gcc", ["-O1", "-fPIE", "-pie", "-o", program, `${program}.c`]);
  writeFileSync(fixedAddresses, withFixedAddresses(readFileSync(program)), { mode: 0o755 });
});

testWithGcc("the rule finds it", async () => {
  const { stdout } = await sandfit(["check", program]);
  expect(stdout).toContain("pie-align");
  expect(stdout).toContain("may fail");
});

testWithGcc("in gVisor it lies wrong, and right where ld.so loads it", async () => {
  for (const sandbox of present) {
    const said: string[] = [];
    // It may hit by chance, once in 256 times.
    for (let i = 0; i < 3; i++) said.push((await execute([program], { sandbox })).stdout);
    const isRight = said.every((one) => one === RIGHT);
    expect({ id: sandbox.id, isRight }).toEqual({ id: sandbox.id, isRight: sandbox.kind === "host" });
    for (const one of said) expect(one).toMatch(/^off \d+ of 1\n$/);
    const loaded = await execute([LINKER, program], { sandbox });
    expect({ id: sandbox.id, said: loaded.stdout }).toEqual({ id: sandbox.id, said: RIGHT });
  }
});

testWithGcc("with fixed addresses in its headers it lies right everywhere, and unwinding no longer works", async () => {
  for (const sandbox of present) {
    const { stdout } = await execute([fixedAddresses], { sandbox });
    expect({ id: sandbox.id, stdout }).toEqual({ id: sandbox.id, stdout: "off 0 of 0\n" });
  }
});
