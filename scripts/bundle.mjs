/**
 * Bundles the command, in two forms. The published one is small files, of which a command reads what it needs: cli.cjs, which is
 * src/cli/start.ts, and beside it the folder command/ with src/cli/main.ts and all that it imports, in parts. The other is one
 * file that runs alone.
 */

import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { buildKernel } from "./kernel.mjs";
import { lateInputs, lateParts } from "./late-parts.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** commander loads child_process for a feature that is not used here; that module costs more than all of commander. */
const lazyChildProcess = {
  name: "lazy-child-process",
  load(path) {
    if (!/commander\/lib\/command\.js$/.test(path)) return;
    return readFileSync(path, "utf8")
      .replace("const childProcess = require('node:child_process');", "")
      .replaceAll("childProcess.spawn", "require('node:child_process').spawn");
  },
};

/** Modules of Node's that take long to load and that few commands come to use: loaded by the first call. */
const functions = {
  crypto: ["createHash", "randomBytes"],
  net: ["createServer"],
  tty: ["isatty"],
  zlib: ["crc32", "createGunzip", "inflateRawSync"],
};
const LAZY = "\0lazy ";
const lazyModules = {
  name: "lazy-modules",
  resolveId(name, importer) {
    const [, module] = /^node:(crypto|net|tty|zlib)$/.exec(name) ?? [];
    if (module !== undefined && !importer?.includes("node_modules")) return LAZY + module;
  },
  load(path) {
    if (!path.startsWith(LAZY)) return;
    const module = path.slice(LAZY.length);
    // What listens loads cluster, and would do so under the flags of src/cli/optimising.ts.
    const before = module === "net" ? 'require("cluster"), ' : "";
    const lines = functions[module].map(
      (name) => `export const ${name} = (...all) => (${before}require("${module}").${name}(...all));`,
    );
    return lines.join("\n");
  },
};

/**
 * What a check of one file, and a fix, run through, each with all that it imports at the top, so it is read as one part. With the former
 * what is too small to be one.
 */
const partOfCheck = /\/src\/(cli\/main|version|asm\/bytes)\.ts$/;
const partOfFix = /\/src\/cli\/fix\.ts$/;

/** src/cli/main.ts and all that it imports, as CommonJS: name → text. */
async function bundleMain(codeSplitting, inputs = {}, plugins = []) {
  const { output } = await build({
    cwd: root,
    input: { main: "src/cli/main.ts", ...inputs },
    platform: "node",
    moduleTypes: { ".md": "text" },
    plugins: [...plugins, lazyChildProcess, lazyModules],
    write: false,
    output: {
      format: "cjs",
      strict: true,
      codeSplitting,
      entryFileNames: "[name].js",
      chunkFileNames: "[name].js",
      // Short names too, since what is less to read and to unpack from V8's compiled form is time of every command.
      minify: true,
      comments: { legal: false },
    },
  });
  return new Map(output.map(({ fileName, code }) => [fileName, inAscii(code.trimEnd())]));
}

/** Text in ASCII is read as it is, a byte a character. */
function inAscii(code) {
  return code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A check of one file uses none of the bundler's helpers, so their part is read when one is asked for. */
function withLazyRuntime(code) {
  const runtime = 'require("./rolldown-runtime.js")';
  if (!code.includes(runtime)) throw new Error("main.js does not ask for the bundler's helpers in the usual way");
  return code.replace(runtime, `new Proxy({},{get:(_,name)=>${runtime}[name]})`);
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Writes cli.cjs and command/ into `folder`. */
export async function bundleCommand(folder) {
  await buildKernel();
  const groups = [
    { name: "check", test: partOfCheck, priority: 1 },
    { name: "fix", test: partOfFix },
  ];
  const parts = await bundleMain({ groups }, lateInputs, [lateParts(join(root, "src"))]);
  const hash = createHash("sha256");
  for (const [name, code] of parts) {
    // src/cli/parts.ts runs them by node:vm, where import() does not work; a module of Node's is imported at the top instead.
    if (/\bimport\(/.test(code)) throw new Error(`${name} would import a module when it runs`);
    // A function, as Node makes one of each CommonJS module; src/cli/start.ts calls it.
    const text = `(function(exports,require,module,__filename){${name === "main.js" ? withLazyRuntime(code) : code}\n})`;
    hash.update(text);
    write(join(folder, "command", name), text);
  }
  const alone = (name, define, file) =>
    build({
      cwd: root,
      input: `src/cli/${name}.ts`,
      platform: "node",
      plugins: [lazyModules],
      transform: { define },
      output: { file: join(folder, file), format: "cjs", strict: true, minify: true },
    });
  await alone("start", { COMMAND_HASH: JSON.stringify(hash.digest("hex").slice(0, 16)) }, "cli.cjs");
  await alone("keep", {}, "command/keep.cjs");
  chmodSync(join(folder, "cli.cjs"), 0o755);
}

/** Writes the whole command as one file. */
export async function bundleSingleFile(path) {
  await buildKernel();
  const [text] = (await bundleMain(false)).values();
  write(path, `#!/usr/bin/env node\n${text}\n`);
  chmodSync(path, 0o755);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleCommand(process.argv[2]);
