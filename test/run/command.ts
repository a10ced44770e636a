/** The command line in one file, for tests that start it for real: on the host, as another user, inside gVisor. */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll } from "vitest";
import { type Execution, execute } from "../../src/run/execute.js";
import { HOST, type Sandbox } from "../../src/run/sandbox.js";
import { sampleProgram } from "../fixtures/programs/index.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const folder = mkdtempSync(join(tmpdir(), "sandfit-command-"));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export const cli = join(folder, "cli.mjs");
await build({
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "node20.19",
  platform: "node",
  logLevel: "warning",
  loader: { ".md": "text" },
  entryPoints: ["src/cli/main.ts"],
  outfile: cli,
  banner: {
    js: 'import { createRequire as sandfitRequire } from "node:module"; const require = sandfitRequire(import.meta.url);',
  },
});

/** Writes a sample program out and gives its path. */
export function placed(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, sampleProgram(name).bytes, { mode: 0o755 });
  return path;
}

/** `sandfit` with some arguments, on the host or inside a sandbox. */
export function sandfit(args: readonly string[], sandbox: Sandbox = HOST): Promise<Execution> {
  return execute([process.execPath, cli, ...args], { sandbox, cwd: folder, timeout: 55_000 });
}

/** The same as nobody (65534), who has no rights beyond anybody's. Needs root. */
export function sandfitAsNobody(args: readonly string[]) {
  return spawnSync(process.execPath, [cli, ...args], {
    cwd: "/tmp",
    uid: 65534,
    gid: 65534,
    encoding: "utf8",
    env: { PATH: "/usr/bin:/bin", HOME: "/tmp" },
  });
}
