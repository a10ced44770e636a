/** Builds dist/: the command in parts and as one file, the library, and the types. */

import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { bundleCommand, bundleSingleFile } from "./bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });

await bundleCommand("dist");
await bundleSingleFile("dist/sandfit.cjs");

// The core runs in browsers too: platform neutral fails the build where it would ask for Node.
await build({
  cwd: root,
  input: "src/index.ts",
  platform: "neutral",
  output: { file: "dist/index.js", format: "esm", codeSplitting: false, comments: { legal: false } },
  onLog: (_, { message }) => {
    throw new Error(message);
  },
});

execFileSync(
  process.execPath,
  [fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url)), "-p", "tsconfig.types.json"],
  {
    cwd: root,
    stdio: "inherit",
  },
);
