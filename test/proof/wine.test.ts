/** What the page of gs-beside-fs says of Wine: it dies in gVisor, and runs with qemu's user mode in the place of its preloader. */

import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execute } from "../../src/environments/run/execute.js";
import type { Sandbox } from "../../src/environments/run/sandbox.js";
import { findSandboxes } from "../../src/environments/run/sandboxes.js";
import { temporaryFolder } from "../support/cli.js";
import { hasProgram, testNeeding } from "../support/requirements.js";
import { readPage } from "../support/rule-page.js";

const PROGRAMS = "/usr/lib/wine";
const LIBRARIES = "/usr/lib/x86_64-linux-gnu/wine";
const isHere = hasProgram(`${PROGRAMS}/wine64`) && hasProgram("qemu-x86_64-static");

const folder = temporaryFolder();
const env = {
  PATH: process.env["PATH"] as string,
  HOME: folder,
  WINEPREFIX: join(folder, "prefix"),
  WINEDEBUG: "-all",
  // Nothing of a desktop's is asked for, and nothing fetched.
  WINEDLLOVERRIDES: "mscoree,mshtml,winemenubuilder.exe=",
};
const HELLO = "hello from Wine";
const ECHO = ["cmd", "/c", "echo", ...HELLO.split(" ")];

/** A Wine of our own: its programs, and what they look for at places counted from their own. Without a preloader it starts its processes itself. */
function placed(name: string, preloader?: string): string {
  const root = join(folder, name);
  for (const part of ["lib/x86_64-linux-gnu", "share"]) mkdirSync(join(root, part), { recursive: true });
  cpSync(PROGRAMS, join(root, "lib/wine"), { recursive: true, filter: (path) => !path.endsWith("-preloader") });
  symlinkSync(LIBRARIES, join(root, "lib/x86_64-linux-gnu/wine"));
  symlinkSync("/usr/share/wine", join(root, "share/wine"));
  if (preloader !== undefined) writeFileSync(join(root, "lib/wine/wine64-preloader"), preloader, { mode: 0o755 });
  return join(root, "lib/wine");
}

const run = (wine: string, sandbox?: Sandbox) =>
  execute([join(wine, "wine64"), ...ECHO], { env, timeout: 120_000, ...(sandbox && { sandbox }) });

const sandboxes = (await findSandboxes()).present.filter(({ kind }) => kind === "runsc");

describe("Wine", () => {
  let plain = "";
  let emulated = "";
  beforeAll(async () => {
    if (!isHere) return;
    plain = placed("plain");
    emulated = placed("emulated", '#!/bin/sh\nexec qemu-x86_64-static "$@"\n');
    // The prefix, on the host.
    await run(plain);
    await execute([join(plain, "wineserver"), "-w"], { env, timeout: 60_000 });
  });
  afterAll(async () => {
    if (isHere) await execute([join(plain, "wineserver"), "-k"], { env, timeout: 20_000 });
  });

  testNeeding(isHere, "wine64 and qemu-x86_64-static")("runs on the host, both ways", async () => {
    for (const wine of [plain, emulated]) expect((await run(wine)).stdout.trim()).toBe(HELLO);
  });

  for (const sandbox of sandboxes.length > 0 ? sandboxes : [undefined]) {
    testNeeding(isHere && sandbox !== undefined, "wine64, qemu-x86_64-static and runsc")(
      `${sandbox?.id ?? "gVisor"}: dies as it is, and runs with qemu in its preloader's place`,
      async () => {
        expect((await run(plain, sandbox)).stdout).not.toContain(HELLO);
        expect((await run(emulated, sandbox)).stdout.trim()).toBe(HELLO);
      },
    );
  }
});

test("the page says how, in the same words", () => {
  const page = readPage("gs-beside-fs");
  expect(page).toContain("printf '#!/bin/sh\\nexec qemu-x86_64-static \"$@\"\\n' > wine/lib/wine/wine64-preloader");
});
