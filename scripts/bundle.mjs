/**
 * Bundles the command, in two forms. The published one is cli.cjs, which is src/cli/start.ts, and beside it the directory command/ with
 * all that it imports: what is loaded by `import()` in files of its own. The other is one file that runs alone.
 */

import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { buildEngine } from "./engine.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

async function bundle(output) {
  await buildEngine();
  await build({
    cwd: root,
    input: { cli: "src/cli/start.ts" },
    platform: "node",
    moduleTypes: { ".md": "text" },
    output: { format: "cjs", minify: true, comments: { legal: false }, ...output },
  });
}

/** Writes cli.cjs and command/ into `folder`. */
export async function bundleCommand(folder) {
  rmSync(join(folder, "command"), { recursive: true, force: true });
  // One file for all that a check imports at its top, which most commands use; of what others share the bundler makes small ones.
  const groups = [{ name: "check", test: /\/src\/cli\/(main|check)\.ts$/ }];
  await bundle({ dir: folder, entryFileNames: "[name].cjs", chunkFileNames: "command/[name].cjs", codeSplitting: { groups } });
  chmodSync(join(folder, "cli.cjs"), 0o755);
}

/** Writes the whole command as one file. */
export async function bundleSingleFile(path) {
  await bundle({ file: path, codeSplitting: false });
  chmodSync(path, 0o755);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleCommand(process.argv[2]);
