/** Builds dist/: one file for the command, one for the library, and the types. */

import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildKernel } from "./kernel.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });

await buildKernel();

const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "node20.19",
  legalComments: "none",
  logLevel: "warning",
};

/** commander loads child_process for a feature that is not used here; that module costs more than all of commander. */
const lazyChildProcess = {
  name: "lazy-child-process",
  setup(builder) {
    builder.onLoad({ filter: /commander\/lib\/command\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8")
        .replace("const childProcess = require('node:child_process');", "")
        .replaceAll("childProcess.spawn", "require('node:child_process').spawn"),
      loader: "js",
    }));
  },
};

// CommonJS, so that each command's modules, Node's own among them, are loaded when the command is called.
await build({
  ...common,
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/cli.cjs",
  platform: "node",
  format: "cjs",
  minify: true,
  keepNames: true,
  plugins: [lazyChildProcess],
});
chmodSync(new URL("../dist/cli.cjs", import.meta.url), 0o755);

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
