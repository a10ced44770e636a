/** The words in front of a command that make it an ordinary user's, and a Sandfit that every user can read. */

import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Users to run as: this one, and nobody where this is root. */
export const USERS: readonly (readonly [string, readonly string[]])[] = [
  ["this user", []],
  ...(userInfo().uid === 0
    ? [["nobody", ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]] as const]
    : []),
];

/** A folder that everybody may read and write in. */
export function sharedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sandfit-shared-"));
  chmodSync(folder, 0o777);
  return folder;
}

/** Sandfit's command as one file, built from the sources as they are. */
export async function buildSandfit(folder: string): Promise<string> {
  const outfile = join(folder, "sandfit.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    logLevel: "warning",
    loader: { ".md": "text" },
    banner: { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' },
  });
  chmodSync(outfile, 0o644);
  return outfile;
}
