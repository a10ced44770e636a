/** Starts what scripts/kernel.mjs has compiled. */

/** The part of the WebAssembly interface that is used here: types for it come with the DOM or not at all. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/**
 * The exports of a module in base64. Undefined where this engine has no WebAssembly, or not all that the module needs; so it is with
 * Node where a process may have little address space (`ulimit -v`), since it sets 10 GB aside for each memory.
 */
export function instantiate<Exports>(base64: string, imports: object): Exports | undefined {
  const { WebAssembly: engine } = globalThis as unknown as { WebAssembly?: Engine };
  if (engine === undefined) return undefined;
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  // Asking the engine first whether it can would cost as much as compiling.
  try {
    return new engine.Instance(new engine.Module(bytes), imports).exports as Exports;
  } catch {
    return undefined;
  }
}
