/** Compiles kernel/ to WebAssembly and writes it as src/code/kernel-binary.ts, which is not in the repository. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = join(root, "src", "code", "kernel-binary.ts");

/** Throws with the compiler's words where the source is wrong. Does nothing where the output is newer than all sources. */
export async function buildKernel() {
  const sources = readdirSync(join(root, "kernel")).map((name) => join(root, "kernel", name));
  const newest = Math.max(...[...sources, fileURLToPath(import.meta.url)].map((path) => statSync(path).mtimeMs));
  if ((statSync(output, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newest) return;
  const folder = mkdtempSync(join(tmpdir(), "sandfit-kernel-"));
  try {
    const kernel = await compile("index.ts", join(folder, "kernel.wasm"));
    // Six pages hold a window of code, what is found there and where jumps may go: kernel/first-look.ts.
    const firstLook = await compile("first-look.ts", join(folder, "first-look.wasm"), "--enable", "simd", "--initialMemory", "6");
    const constants = Object.entries({ kernelBinary: kernel, firstLookBinary: firstLook });
    const lines = constants.map(([name, text]) => `export const ${name} =\n  "${text}";\n`);
    writeFileSync(output, `/** Made from kernel/ by scripts/kernel.mjs. */\n\n${lines.join("\n")}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The module in base64. */
async function compile(source, wasm, ...options) {
  const { default: asc } = await import("assemblyscript/asc");
  // No objects, so no garbage collector; addresses are our own arithmetic, so nothing to assert.
  const { error, stderr } = await asc.main([
    join(root, "kernel", source),
    ...["-O3", "--converge", "--runtime", "stub", "--noAssert", "--outFile", wasm, ...options],
  ]);
  if (error) throw new Error(`kernel/${source} does not compile:\n${stderr}`);
  return readFileSync(wasm).toString("base64");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernel();
