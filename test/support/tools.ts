/** Programs that pose as tools, and `sandfit tools` over them, held against its schema. */

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { execute } from "../../src/environments/run/execute.js";
import type { Sandbox } from "../../src/environments/run/sandbox.js";
import type { Provider, ToolState, ToolsReport } from "../../src/report/tools-model.js";
import { command } from "./cli.js";
import { conforming } from "./schema.js";

export interface ToolsRun {
  readonly report: ToolsReport;
  readonly exitCode: number | undefined;
  tool(name: string): ToolState;
  only(name: string): Provider;
}

/** Runs `sandfit tools --json ARGS` with this PATH alone. */
export async function tools(args: readonly string[], path: readonly string[], sandbox?: Sandbox): Promise<ToolsRun> {
  const run = await execute([process.execPath, command, "tools", "--json", ...args], {
    env: { PATH: path.join(":"), HOME: "/tmp" },
    cwd: "/tmp",
    ...(sandbox && { sandbox }),
  });
  expect(run.stderr).toBe("");
  const report = conforming<ToolsReport>("tools-1", run.stdout);
  const tool = (name: string): ToolState => report.tools.find((one) => one.name === name)!;
  const only = (name: string): Provider => {
    expect(tool(name).providers).toHaveLength(1);
    return tool(name).providers[0];
  };
  return { report, exitCode: run.exitCode, tool, only };
}

/** Writes a shell script that poses as a program. */
export function pose(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A lua that knows the lines Sandfit runs: enough of one to pose as Cosmopolitan's, with some of its modules. */
export const cosmoLua = (modules: string): string =>
  `case "$*" in *"6 * 7"*) echo 42;; *lsqlite3*) printf '${modules}';; -v) echo "Lua 5.4.6  Copyright (C) 1994-2023";; esac`;

/** Package managers that know nothing: asking the real ones takes longer than all that a test is about. */
export function poseAsNoPackages(folder: string): void {
  for (const manager of ["dpkg-query", "apt-cache"]) pose(join(folder, manager), "exit 1");
}
