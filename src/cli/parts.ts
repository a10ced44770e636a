/**
 * The parts of the command, which scripts/bundle.mjs writes into the folder command/ beside it, and V8's compiled form of them.
 * Each part is the text of a function, as Node makes one of each CommonJS module.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Script } from "node:vm";

/** V8's compiled form of parts, by their names. */
export type Compiled = ReadonlyMap<string, Uint8Array>;

export interface Parts {
  /** Runs a part that has not run yet; gives what it exports. */
  run(name: string): object;
  /** Whether a part has run whose compiled form was not given, or was of no use. */
  hasNew(): boolean;
  /** The compiled form of all parts that have run, and what was given of others. */
  compiled(): Compiled;
}

/**
 * `command` is the file that was started: the folder is beside it, and the parts know it as `__filename`. `requireModule` gives them
 * Node's modules.
 */
export function partsBeside(command: string, folder: string, requireModule: (name: string) => unknown, given: Compiled): Parts {
  const scripts = new Map<string, Script>();
  const modules = new Map<string, { exports: object }>();

  /** What `require` is to the parts. */
  const requirePart = (name: string): unknown => (name.startsWith("./") ? run(name.slice(2)) : requireModule(name));

  function start(name: string, module: { exports: object }): void {
    const filename = join(folder, name);
    const cachedData = given.get(name);
    // The files are ASCII, which is read fastest so.
    const script = new Script(
      readFileSync(filename, "latin1"),
      cachedData === undefined ? { filename } : { filename, cachedData },
    );
    scripts.set(name, script);
    script.runInThisContext()(module.exports, requirePart, module, command);
  }

  function run(name: string): object {
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(name, module);
    try {
      start(name, module);
    } catch (error) {
      // What could not be read, for want of a descriptor, can be asked for again.
      modules.delete(name);
      throw error;
    }
    return module.exports;
  }

  return {
    run,
    hasNew: () => [...scripts].some(([name, script]) => !given.has(name) || script.cachedDataRejected === true),
    compiled: () => new Map([...given, ...[...scripts].map(([name, script]) => [name, script.createCachedData()] as const)]),
  };
}

/** What precedes the compiled forms in a file: where each begins, counted from the end of this, and its length; in bytes. */
type Contents = Record<string, [offset: number, length: number]>;

/** One file of all: a line of JSON, then the compiled forms. V8 wants each at a multiple of eight bytes. */
export function joinCompiled(compiled: Compiled): Buffer {
  const contents: Contents = {};
  let end = 0;
  for (const [name, { length }] of compiled) {
    contents[name] = [end, length];
    end += aligned(length);
  }
  const line = JSON.stringify(contents);
  const header = `${line.padEnd(aligned(line.length + 1) - 1)}\n`;
  const file = Buffer.alloc(header.length + end);
  file.write(header, "latin1");
  for (const [name, bytes] of compiled) file.set(bytes, header.length + contents[name]![0]);
  return file;
}

/** The reverse of it; nothing where the file is damaged. */
export function splitCompiled(file: Buffer): Compiled {
  const start = file.indexOf("\n") + 1;
  try {
    const contents: Contents = JSON.parse(file.toString("latin1", 0, start));
    const compiled = Object.entries(contents).map(
      ([name, [offset, length]]) => [name, file.subarray(start + offset, start + offset + length)] as const,
    );
    return new Map(compiled);
  } catch {
    return new Map();
  }
}

const aligned = (length: number) => Math.ceil(length / 8) * 8;
