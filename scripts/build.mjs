/** Builds dist/: one file for the command, one for the library, and the types. */

import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { bundleCommand } from "./bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });

await bundleCommand("dist/cli.cjs");

// The core runs in browsers too: platform neutral fails the build where it would ask for Node.
await build({
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "node20.19",
  legalComments: "none",
  logLevel: "warning",
  entryPoints: ["src/index.ts"],
  outfile: "dist/index.js",
  platform: "neutral",
});

execFileSync(
  process.execPath,
  [fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url)), "-p", "tsconfig.types.json"],
  {
    cwd: root,
    stdio: "inherit",
  },
);
