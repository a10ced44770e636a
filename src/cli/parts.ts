/**
 * The parts of the command, which scripts/bundle.mjs writes into the folder command/ beside it, and V8's compiled form of them.
 * Each part is the text of a function, as Node makes one of each CommonJS module.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Script } from "node:vm";
import type { Kept } from "../disk/compile-cache.js";

/** V8's compiled form of parts, by their names. */
export type Compiled = ReadonlyMap<string, Uint8Array>;

/** What an earlier run has kept. */
export interface Given {
  /** The kinds of run after which it was made: each compiles functions that others have no use for. */
  readonly kinds: readonly number[];
  readonly names: readonly string[];
  /** The compiled form of a part; undefined where it is not there, or damaged. */
  get(name: string): Uint8Array | undefined;
}

export const nothingGiven: Given = { kinds: [], names: [], get: () => undefined };

export interface Parts {
  /** Runs a part that has not run yet; gives what it exports. */
  run(name: string): object;
  /** Whether a part has run whose compiled form was not given. */
  hasNew(): boolean;
  /** Whether V8 had no use for what was given: another V8, or other flags. */
  hasRefused(): boolean;
  /** The compiled form of all parts that have run, and what was given of others. */
  compiled(): Compiled;
}

/**
 * `command` is the file that was started: the folder is beside it, and the parts know it as `__filename`. `requireModule` gives them
 * Node's modules.
 */
export function partsBeside(command: string, folder: string, requireModule: (name: string) => unknown, given: Given): Parts {
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

  const all = () => [...scripts];
  const hasRefused = () => all().some(([, script]) => script.cachedDataRejected === true);

  function compiled(): Compiled {
    const parts = new Map<string, Uint8Array>();
    for (const name of hasRefused() ? [] : given.names) {
      const bytes = scripts.has(name) ? undefined : given.get(name);
      if (bytes !== undefined) parts.set(name, bytes);
    }
    for (const [name, script] of all()) parts.set(name, script.createCachedData());
    return parts;
  }

  return { run, hasNew: () => all().some(([, script]) => script.cachedDataRejected === undefined), hasRefused, compiled };
}

/** What precedes the compiled forms in a file, a line of JSON. */
interface Contents {
  readonly kinds: readonly number[];
  /** Where each begins, counted from the end of the line, and its length; in bytes. */
  readonly parts: Readonly<Record<string, readonly [offset: number, length: number]>>;
}

/** The line is no longer than that, in bytes. */
const MOST_LINE = 4096;

/** One file of all: the line, then the compiled forms. V8 wants each at a multiple of eight bytes. */
export function joinCompiled(kinds: readonly number[], compiled: Compiled): Buffer {
  const parts: Record<string, [number, number]> = {};
  let end = 0;
  for (const [name, { length }] of compiled) {
    parts[name] = [end, length];
    end += aligned(length);
  }
  const line = JSON.stringify({ kinds, parts } satisfies Contents);
  const header = `${line.padEnd(aligned(line.length + 1) - 1)}\n`;
  const file = Buffer.alloc(header.length + end);
  file.write(header, "latin1");
  for (const [name, bytes] of compiled) file.set(bytes, header.length + parts[name]![0]);
  return file;
}

/** The reverse of it; nothing where the file is damaged. */
export function splitCompiled(file: Kept): Given {
  const head = file.read(0, Math.min(MOST_LINE, file.size));
  const start = (head?.indexOf("\n") ?? -1) + 1;
  if (head === undefined || start === 0) return nothingGiven;
  try {
    const { kinds, parts }: Contents = JSON.parse(head.toString("latin1", 0, start));
    const places = new Map(Object.entries(parts));
    const get = (name: string) => {
      const [offset, length] = places.get(name) ?? [];
      return offset === undefined || length === undefined ? undefined : file.read(start + offset, length);
    };
    return { kinds: [...kinds], names: [...places.keys()], get };
  } catch {
    return nothingGiven;
  }
}

const aligned = (length: number) => Math.ceil(length / 8) * 8;
