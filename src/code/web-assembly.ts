/** Starts what scripts/kernel.mjs has compiled. */

/** The part of the WebAssembly interface that is used here: types for it come with the DOM or not at all. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

/** The exports of a module in base64. Undefined where this engine has no WebAssembly, or not all that the module needs. */
export function instantiate<Exports>(base64: string, imports: object): Exports | undefined {
  const { WebAssembly: engine } = globalThis as unknown as { WebAssembly?: Engine };
  if (engine === undefined) return undefined;
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  const module = compile(engine, bytes);
  return module && (new engine.Instance(module, imports).exports as Exports);
}

/** Asking the engine first whether it can would cost as much as compiling. */
function compile(engine: Engine, bytes: Uint8Array): object | undefined {
  try {
    return new engine.Module(bytes);
  } catch {
    return undefined;
  }
}
