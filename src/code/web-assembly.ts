/** Starts what scripts/engine.mjs has compiled. */

import { fromBase64 } from "../bytes/base64.js";

/** The part of the WebAssembly interface that is used here: types for it come with the DOM or not at all. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** What has been compiled, by its base64. */
const modules = new Map<string, object>();

/**
 * The exports of a new instance of a module in base64. Undefined where this engine has no WebAssembly, or not all that the module needs;
 * so it is with Node where a process may have little address space (`ulimit -v`), since it sets 10 GB aside for each memory.
 */
export function instantiate<Exports>(base64: string, imports: object): Exports | undefined {
  const { WebAssembly: engine } = globalThis as unknown as { WebAssembly?: Engine };
  if (engine === undefined) return undefined;
  // Asking the engine first whether it can would cost as much as compiling.
  try {
    const module = modules.get(base64) ?? new engine.Module(fromBase64(base64));
    modules.set(base64, module);
    return new engine.Instance(module, imports).exports as Exports;
  } catch {
    return undefined;
  }
}
