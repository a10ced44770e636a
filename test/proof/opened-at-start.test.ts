/** Programs that open at start what uses %gs beside %fs: no header tells, but what stands beside them does. */

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { checkFile } from "../../src/cli/check-file.js";
import { newest } from "../../src/gvisor/gvisor.js";
import { temporaryFolder } from "../support/cli.js";
import { hasProgram, testNeeding } from "../support/requirements.js";

const folder = temporaryFolder();
const hasGcc = hasProgram("gcc");

const library = (marker: string) => `#include <unistd.h>
#include <sys/syscall.h>
const char *marker = "${marker}";
long set(unsigned long base) { return syscall(SYS_arch_prctl, 0x1001, base); }
`;
const program = (text: string) => `#include <stdio.h>\nint main(void) { return puts("${text}") < 0; }\n`;

function compiled(path: string, source: string, ...options: string[]): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  execFileSync("gcc", ["-O1", "-x", "c", "-", "-o", join(folder, path), ...options], { input: source });
}

async function findings(path: string) {
  const report = await checkFile(join(folder, path), newest);
  if ("error" in report) throw new Error(report.error);
  return report.views.flatMap((view) => view.findings);
}
const rulesOf = async (path: string) => (await findings(path)).map(({ rule }) => rule);

beforeAll(() => {
  if (!hasGcc) return;
  for (const [place, marker] of [
    ["fox", "wasm_rt_syscall_set_segue_base"],
    ["old-fox", "anything else"],
  ] as const) {
    compiled(`${place}/libxul.so`, library(marker), "-shared", "-fPIC");
    compiled(`${place}/fox`, program("dependentlibs.list"));
    compiled(`${place}/helper`, program("hello"));
    writeFileSync(join(folder, place, "dependentlibs.list"), "libnss3.so\nlibxul.so\n");
  }
  compiled("wine/lib/x86_64-linux-gnu/wine/x86_64-unix/ntdll.so", library("__wine_unix_call"), "-shared", "-fPIC");
  compiled("wine/lib/wine/wine64", program("ntdll.so"));
  compiled("wine/lib/wine/other", program("ntdll.so"));
});

describe("a program that opens a known case", () => {
  const withGcc = testNeeding(hasGcc, "gcc");

  withGcc("is what the case is, and says where that stands", async () => {
    const [finding] = await findings("fox/fox");
    expect(finding).toMatchObject({
      rule: "gs-beside-fs",
      facts: { case: "segue", library: join(folder, "fox/libxul.so") },
      sites: [{ text: '"dependentlibs.list"', evidence: "text" }],
    });
    expect(Object.values(finding!.effects).map(({ consequence }) => consequence)).toEqual(["fails", "fails", "fails"]);
    const [wine] = await findings("wine/lib/wine/wine64");
    expect(wine).toMatchObject({ rule: "gs-beside-fs", facts: { case: "wine" } });
  });

  withGcc("is not what stands beside it without opening it, nor one whose library is another", async () => {
    for (const path of ["fox/helper", "old-fox/fox", "old-fox/libxul.so", "wine/lib/wine/other"])
      expect(await rulesOf(path)).toEqual([]);
  });

  withGcc("is none where the list is missing, damaged, or leads elsewhere", async () => {
    const list = join(folder, "fox", "dependentlibs.list");
    for (const text of ["", "\n\n", "../old-fox/libxul.so\n", "missing.so\n", "fox\n", "libxul.so\n".repeat(1000)]) {
      writeFileSync(list, text);
      expect(await rulesOf("fox/fox")).toEqual([]);
    }
    writeFileSync(list, "libnss3.so\nlibxul.so\n");
    expect(await rulesOf("fox/fox")).toEqual(["gs-beside-fs"]);
  });
});

test("of what is not on a disk nothing is looked for", async () => {
  const { openedAtStart } = await import("../../src/input/opened-at-start.js");
  expect(await openedAtStart("/nowhere/at/all", { interpreter: "/lib64/ld-linux-x86-64.so.2" } as never)).toEqual([]);
});
