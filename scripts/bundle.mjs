/**
 * Bundles the command into one file: src/cli/start.ts, and behind it in a comment, which Node reads over at memory speed, the
 * text of src/cli/main.ts with all libraries.
 */

import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildKernel } from "./kernel.mjs";

const common = {
  absWorkingDir: fileURLToPath(new URL("..", import.meta.url)),
  bundle: true,
  platform: "node",
  // CommonJS, so that each command's modules, Node's own among them, are loaded when the command is called.
  format: "cjs",
  target: "node20.19",
  // A script that is run from text cannot import(), but it can require.
  supported: { "dynamic-import": false },
  // Short names too: what is less to read and to unpack from V8's compiled form is ten milliseconds of every command.
  minify: true,
  legalComments: "none",
  loader: { ".md": "text" },
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

/** Modules of Node's that take long to load and that few commands come to use: loaded by the first call. */
const lazyModules = {
  name: "lazy-modules",
  setup(builder) {
    const functions = {
      crypto: ["createHash", "randomBytes"],
      tty: ["isatty"],
      zlib: ["crc32", "createGunzip", "inflateRawSync"],
    };
    builder.onResolve({ filter: /^node:(crypto|tty|zlib)$/ }, ({ path, importer }) =>
      importer.includes("node_modules") ? undefined : { path: path.slice(5), namespace: "lazy" },
    );
    builder.onLoad({ filter: /.*/, namespace: "lazy" }, ({ path }) => ({
      contents: functions[path].map((name) => `export const ${name}=(...all)=>require("${path}").${name}(...all);`).join(""),
    }));
  },
};

/** How the comment begins, and what stands for its end inside the text; src/cli/start.ts reads it. */
const COMMENT = "/*the command*";
const COMMENT_END = "*@/";

/** Writes the command to `outfile`. */
export async function bundleCommand(outfile) {
  await buildKernel();
  const main = await build({
    ...common,
    entryPoints: ["src/cli/main.ts"],
    write: false,
    plugins: [lazyChildProcess, lazyModules],
  });
  const text = `(function(exports,require,module,__filename){${main.outputFiles[0].text}\n})`;
  const define = { COMMAND_HASH: JSON.stringify(createHash("sha256").update(text).digest("hex").slice(0, 16)) };
  const start = await build({ ...common, entryPoints: ["src/cli/start.ts"], write: false, define });
  if (text.includes(COMMENT_END) || start.outputFiles[0].text.includes("\n/*"))
    throw new Error("the text cannot stand in a comment");
  mkdirSync(dirname(resolve(outfile)), { recursive: true });
  writeFileSync(outfile, `${start.outputFiles[0].text}\n${COMMENT}${text.replaceAll("*/", COMMENT_END)}*/\n`);
  chmodSync(outfile, 0o755);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleCommand(process.argv[2]);
