/** Same input, same output: on other releases of Node, and inside gVisor. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { command, temporaryFolder, writeSample } from "../support/cli.js";
import { testNeeding } from "../support/requirements.js";

const folder = temporaryFolder();
const RUNSC = "/opt/gvisor/20240729/runsc";
const names = ["ape-gs-fat", "gs-every-form", "gs-lookalikes", "gs-stack-b", "healthy"];
for (const name of names) writeSample(folder, name);

/** The report of all programs and the plan of each, by a way to start node. */
function outputs(node: readonly string[]): string {
  const commands = [
    ["check", "--all", "--why", "--json", ...names],
    ...names.map((name) => ["fix", "--dry-run", "--json", name]),
  ];
  return commands
    .map((args) => {
      const [program, ...rest] = [...node, command, ...args];
      const { stdout, stderr, status } = spawnSync(program!, rest, { cwd: folder, encoding: "utf8", timeout: 60_000 });
      // runsc says on standard error what it does not know of the machine.
      return `${args.join(" ")}\n${stdout}${status === 2 ? stderr : ""}${status}\n`;
    })
    .join("");
}

/** A release of Node from the npm package `node`, which is Node's own binary; undefined where it cannot be had. */
function nodeOf(version: string): string | undefined {
  const { stdout, status } = spawnSync("npx", ["--yes", "--package", `node@${version}`, "which", "node"], {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
  });
  return status === 0 ? stdout.trim() : undefined;
}

const here = outputs([process.execPath]);

test("here, twice", () => {
  expect(here).toContain('"tls-in-gs"');
  expect(outputs([process.execPath])).toBe(here);
});

for (const version of ["20.19.0", "22.23.3", "24.21.0"]) {
  const node = nodeOf(version);
  testNeeding(node !== undefined, `the npm package node@${version}`)(`Node ${version}`, () => {
    expect(spawnSync(node!, ["--version"], { encoding: "utf8" }).stdout).toBe(`v${version}\n`);
    expect(outputs([node!])).toBe(here);
  });
}

testNeeding(existsSync(RUNSC), RUNSC)("inside gVisor", () => {
  expect(outputs([RUNSC, "--platform=systrap", "--network=none", "do", process.execPath])).toBe(here);
});
