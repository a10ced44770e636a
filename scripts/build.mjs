/** Builds dist/: one file for the command, one for the library, and the types. */

import { execFileSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });

const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "node20.19",
  legalComments: "none",
  logLevel: "warning",
};

await build({
  ...common,
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/cli.js",
  platform: "node",
  minifySyntax: true,
  minifyWhitespace: true,
  // Bundled CommonJS dependencies ask for Node's built-in modules with require().
  banner: {
    js: 'import { createRequire as sandfitRequire } from "node:module"; const require = sandfitRequire(import.meta.url);',
  },
});
chmodSync(new URL("../dist/cli.js", import.meta.url), 0o755);

// The core runs in browsers too: platform neutral fails the build where it would ask for Node.
await build({ ...common, entryPoints: ["src/index.ts"], outfile: "dist/index.js", platform: "neutral" });

execFileSync(
  process.execPath,
  [fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url)), "-p", "tsconfig.types.json"],
  {
    cwd: root,
    stdio: "inherit",
  },
);
