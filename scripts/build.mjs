/** Builds dist/: the command in parts and as one file, the library, and the types; and the manual page, from the built command. */

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { bundleCommand, bundleSingleFile } from "./bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });

await bundleCommand("dist");
await bundleSingleFile("dist/sandfit.cjs");
mkdirSync(new URL("../man", import.meta.url), { recursive: true });
writeFileSync(
  new URL("../man/sandfit.1", import.meta.url),
  execFileSync(process.execPath, [fileURLToPath(new URL("../dist/cli.cjs", import.meta.url)), "man-page"]),
);

// The core runs in browsers too: platform neutral fails the build where it would ask for Node.
await build({
  cwd: root,
  input: "src/index.ts",
  platform: "neutral",
  // Names stay, so that a stack trace can be read.
  output: {
    file: "dist/index.js",
    format: "esm",
    codeSplitting: false,
    comments: { legal: false },
    minify: { compress: true, mangle: false, codegen: true },
  },
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
