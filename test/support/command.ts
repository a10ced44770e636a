/** Starts the built command for real: on the host, as another user, inside gVisor. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Execution, execute } from "../../src/environments/run/execute.js";
import { HOST, type Sandbox } from "../../src/environments/run/sandbox.js";
import { sampleProgram } from "../fixtures/programs/index.js";
import { command } from "./cli.js";

export const folder = mkdtempSync(join(tmpdir(), "sandfit-command-"));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a sample program out and gives its path. */
export function placed(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, sampleProgram(name).bytes, { mode: 0o755 });
  return path;
}

/** `sandfit` with some arguments, on the host or inside a sandbox. */
export function sandfit(args: readonly string[], sandbox: Sandbox = HOST): Promise<Execution> {
  return execute([process.execPath, command, ...args], { sandbox, cwd: folder, timeout: 55_000 });
}

/** The same as nobody (65534), who has no rights beyond anybody's. Needs root. */
export function sandfitAsNobody(args: readonly string[]) {
  return spawnSync(process.execPath, [command, ...args], {
    cwd: "/tmp",
    uid: 65534,
    gid: 65534,
    encoding: "utf8",
    env: { PATH: "/usr/bin:/bin", HOME: "/tmp" },
  });
}
