/** Makes what is not in the repository: of opcodes/ the tables of both decoders, of kernel/ WebAssembly; each as src/…-binary.ts. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
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
  await make("opcodes", "src/x86/tables-binary.ts", "tablesBinary", tables);
  await make("engine", "src/code/engine-binary.ts", "engineBinary", () => compile("index.ts"));
  // Six pages hold a window of code, what is found there and where jumps may go: engine/first-look.ts.
  const options = ["--enable", "simd", "--initialMemory", "6"];
  await make("engine", "src/code/first-look-binary.ts", "firstLookBinary", () => compile("first-look.ts", ...options));
}

async function make(folder, output, name, bytes) {
  const path = join(root, output);
  const sources = [...readdirSync(join(root, folder)).map((source) => join(root, folder, source)), ...common];
  const newest = Math.max(...sources.map((source) => statSync(source).mtimeMs));
  if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newest) return;
  const text = Buffer.from(await bytes()).toString("base64");
  writeFileSync(path, `/** Made from ${folder}/ by scripts/engine.mjs. */\n\nexport const ${name} =\n  "${text}";\n`);
}

async function tables() {
  const { build } = await import("rolldown");
  const input = join(root, "opcodes", "tables.ts");
  const { output } = await build({ cwd: root, input, write: false, output: { format: "esm" } });
  return (await import(`data:text/javascript,${encodeURIComponent(output[0].code)}`)).tables;
}

async function compile(source, ...options) {
  const { default: asc } = await import("assemblyscript/asc");
  const folder = mkdtempSync(join(tmpdir(), "sandfit-kernel-"));
  try {
    const wasm = join(folder, "kernel.wasm");
    // No objects, so no garbage collector; addresses are our own arithmetic, so nothing to assert.
    const { error, stderr } = await asc.main([
      join(root, "engine", source),
      ...["-O3", "--converge", "--runtime", "stub", "--noAssert", "--outFile", wasm, ...options],
    ]);
    if (error) throw new Error(`kernel/${source} does not compile:\n${stderr}`);
    return readFileSync(wasm);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildEngine();
