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
  const { default: asc } = await import("assemblyscript/asc");
  const folder = mkdtempSync(join(tmpdir(), "sandfit-kernel-"));
  try {
    const wasm = join(folder, "kernel.wasm");
    // No objects, so no garbage collector; addresses are our own arithmetic, so nothing to assert.
    const { error, stderr } = await asc.main([
      join(root, "kernel", "index.ts"),
      ...["-O3", "--converge", "--runtime", "stub", "--noAssert", "--outFile", wasm],
    ]);
    if (error) throw new Error(`kernel/ does not compile:\n${stderr}`);
    const text = readFileSync(wasm).toString("base64");
    writeFileSync(output, `/** Made from kernel/ by scripts/kernel.mjs. */\n\nexport const kernelBinary =\n  "${text}";\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernel();
