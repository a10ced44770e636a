/** What a test needs of the machine. With SANDFIT_REQUIRE_ALL=1 nothing is skipped: what is missing fails. */

import { spawnSync } from "node:child_process";
import { test } from "vitest";

const requireAll = process.env["SANDFIT_REQUIRE_ALL"] === "1";

export const isRoot = process.getuid?.() === 0;

/** Whether a program can be started on this machine. */
export function hasProgram(name: string): boolean {
  return spawnSync("/bin/sh", ["-c", `command -v ${name}`]).status === 0;
}

/** Whether a program works: rustup leaves a rustc where none is installed. `args` have to be answered with status 0. */
export function works(name: string, ...args: string[]): boolean {
  return spawnSync(name, args, { timeout: 30_000 }).status === 0;
}

/** Whether this process may mount, as root outside most containers may. */
export function canMount(): boolean {
  return isRoot && spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;
}

/** A test that needs something: where that is missing it is skipped, and its name says why. */
export function testNeeding(isThere: boolean, what: string) {
  const isSkipped = !isThere && !requireAll;
  return (name: string, body: () => Promise<void> | void, timeout?: number): void => {
    test.skipIf(isSkipped)(
      isSkipped ? `${name} (skipped: needs ${what})` : name,
      async () => {
        if (!isThere) throw new Error(`this machine lacks ${what}, and SANDFIT_REQUIRE_ALL=1 allows no gaps`);
        await body();
      },
      timeout,
    );
  };
}
