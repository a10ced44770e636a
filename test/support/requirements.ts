/** What a test needs of the machine. With SANDFIT_REQUIRE_ALL=1 nothing is skipped: what is missing fails. */

import { spawnSync } from "node:child_process";
import { beforeAll, describe, test } from "vitest";

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

const isSkipped = (isThere: boolean): boolean => !isThere && !requireAll;
const skipping = (isThere: boolean, name: string, what: string): string =>
  isSkipped(isThere) ? `${name} (skipped: needs ${what})` : name;

function demand(isThere: boolean, what: string): void {
  if (!isThere) throw new Error(`this machine lacks ${what}, and SANDFIT_REQUIRE_ALL=1 allows no gaps`);
}

/**
 * A test that needs something: where that is missing it is skipped, and its name says why. Nothing else skips tests, but for those over
 * SANDFIT_CORPUS, a private folder of real programs.
 */
export function testNeeding(isThere: boolean, what: string) {
  const one = test.skipIf(isSkipped(isThere));
  const needing = (name: string, body: () => Promise<void> | void): void => {
    one(skipping(isThere, name, what), async () => {
      demand(isThere, what);
      await body();
    });
  };
  /** One for each case, as `test.each`. */
  const each =
    <Case extends readonly unknown[]>(cases: readonly Case[]) =>
    (name: string, body: (...args: [...Case]) => Promise<void> | void): void => {
      one.each(cases as readonly (readonly unknown[])[])(skipping(isThere, name, what), async (...values: unknown[]) => {
        demand(isThere, what);
        await body(...(values as [...Case]));
      });
    };
  return Object.assign(needing, { each });
}

/** Tests that need the same. */
export function describeNeeding(isThere: boolean, what: string) {
  return (name: string, body: () => void): void => {
    describe.skipIf(isSkipped(isThere))(skipping(isThere, name, what), () => {
      beforeAll(() => demand(isThere, what));
      body();
    });
  };
}

/** A sandbox that this machine lacks, as a test that is skipped. */
export function lackingSandboxes(absent: readonly { readonly id: string; readonly reason: string }[]): void {
  for (const { id, reason } of absent) testNeeding(false, `a sandbox that works: ${reason}`)(id, () => {});
}
