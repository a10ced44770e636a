/**
 * When V8 optimises. It does so with what has run for some milliseconds. A command is over before that pays, and what every program
 * needs at length is WebAssembly; so Node 20 is told to wait fifteen times as long, and a hundred times before it compiles WebAssembly a
 * second time. Node 22 and later have no such flag for JavaScript, and wait longer by themselves.
 */

import { nodeBinding } from "../disk/node-binding.js";

/** In bytes of code that was executed; the second are V8's defaults (v8/src/flags/flag-definitions.h). */
const LATE = "--interrupt-budget=1000000 --wasm-tiering-budget=200000000";
const USUAL = "--interrupt-budget=67584 --wasm-tiering-budget=1800000";

/** These Node has loaded before it runs anything (process.moduleLoadList), the last src/cli/parts.ts. */
const LOADED = ["node:buffer", "node:events", "node:fs", "node:path", "node:url", "node:util", "node:vm"];

/** What `require` is to a module of Node's. */
type Require = (module: string) => unknown;

/**
 * From now on V8 optimises late. Returns what loads Node's own modules under V8's usual flags: they are loaded from a compiled form of
 * theirs, which V8 takes only under the flags that it was made with.
 */
export function optimiseLate(): (load: Require) => Require {
  if (!process.version.startsWith("v20.")) return (load) => load;
  const { setFlagsFromString: set } = nodeBinding<typeof import("node:v8")>("v8") ?? require("node:v8");
  set(LATE);
  return (load) => (module) => {
    if (LOADED.includes(module)) return load(module);
    set(USUAL);
    try {
      return load(module);
    } finally {
      set(LATE);
    }
  };
}
