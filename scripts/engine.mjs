/**
 * Makes what is not in the repository: of opcodes/ the tables of both decoders, of the rules' byte patterns a part of engine/, and of
 * engine/ WebAssembly. The results that src/ uses are src/…-binary.ts.
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** What both are made with, and what tells their readers how they are laid out. */
const common = [
  fileURLToPath(import.meta.url),
  ...["entry", "instruction", "record", "writes"].map((name) => join(root, "src", "x86", `${name}.ts`)),
];

/** Throws with the compiler's words where the source is wrong. Does nothing where the output is newer than all sources. */
export async function buildEngine() {
  await make("opcodes", "src/x86/tables-binary.ts", { tablesBinary: tables });
  const { patterns, engineSource } = await load("scripts/first-look.ts");
  const source = join(root, "engine", "patterns.ts");
  if (!existsSync(source) || readFileSync(source, "utf8") !== engineSource()) writeFileSync(source, engineSource());
  await make("engine", "src/code/engine-binary.ts", { engineBinary: () => compile("index.ts") });
  // Six pages hold a window of code, what is found there and where jumps may go: engine/first-look.ts.
  const options = ["--enable", "simd", "--initialMemory", "6"];
  const firstLookBinary = () => compile("first-look.ts", ...options);
  await make("engine", "src/code/first-look-binary.ts", { patterns: () => patterns, firstLookBinary });
}

/** Writes a file that exports each of the values, bytes in base64. */
async function make(folder, output, values) {
  const path = join(root, output);
  const sources = [...readdirSync(join(root, folder)).map((source) => join(root, folder, source)), ...common];
  const newest = Math.max(...sources.map((source) => statSync(source).mtimeMs));
  if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newest) return;
  let text = `/** Made from ${folder}/ by scripts/engine.mjs. */\n`;
  for (const [name, make] of Object.entries(values)) {
    const value = await make();
    const literal = value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
    text += `\nexport const ${name} =\n  ${JSON.stringify(literal)};\n`;
  }
  writeFileSync(path, text);
}

async function tables() {
  return (await load("opcodes/tables.ts")).tables;
}

/** What a module in TypeScript exports. It must not need what is compiled from engine/, which need not be there yet. */
async function load(input) {
  const uncompiled = {
    name: "uncompiled",
    resolveId: (id) => (/(engine|first-look)-binary\.js$/.test(id) ? { id: "\0uncompiled" } : undefined),
    load: (id) => (id === "\0uncompiled" ? 'export const engineBinary = "", firstLookBinary = "", patterns = [];' : undefined),
  };
  const { build } = await import("rolldown");
  const { output } = await build({
    cwd: root,
    input,
    plugins: [uncompiled],
    write: false,
    output: { format: "esm", codeSplitting: false },
  });
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
}

async function compile(source, ...options) {
  const { default: asc } = await import("assemblyscript/asc");
  const folder = mkdtempSync(join(tmpdir(), "sandfit-engine-"));
  try {
    const wasm = join(folder, "engine.wasm");
    // No objects, so no garbage collector; addresses are our own arithmetic, so nothing to assert.
    const { error, stderr } = await asc.main([
      join(root, "engine", source),
      ...["-O3", "--converge", "--runtime", "stub", "--noAssert", "--outFile", wasm, ...options],
    ]);
    if (error) throw new Error(`engine/${source} does not compile:\n${stderr}`);
    return readFileSync(wasm);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildEngine();
