/**
 * The parts of the command, which scripts/bundle.mjs writes into the folder command/ beside it, and V8's compiled form of them.
 * Each part is the text of a function, as Node makes one of each CommonJS module.
 */

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { Script } from "node:vm";
import type { Kept } from "../disk/compile-cache.js";
import { scratch } from "../disk/scratch.js";

/** What an earlier run has kept. */
export interface Given {
  /** The kinds of run after which it was made: each compiles functions that others have no use for. */
  readonly kinds: readonly number[];
  readonly names: readonly string[];
  /** The compiled form of a part, as it is until the next is asked for; undefined where it is not there, or damaged. */
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
  /** All parts that have run. */
  scripts(): ReadonlyMap<string, Script>;
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
    const filename = `${folder}/${name}`;
    const text = textOf(filename);
    const cachedData = given.get(name);
    const script = new Script(text, cachedData === undefined ? { filename } : { filename, cachedData });
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

  const all = () => [...scripts.values()];
  return {
    run,
    scripts: () => scripts,
    hasNew: () => all().some((script) => script.cachedDataRejected === undefined),
    hasRefused: () => all().some((script) => script.cachedDataRejected === true),
  };
}

/** What a file of ours holds. They are ASCII, which is read fastest as a byte a character. */
function textOf(filename: string): string {
  const bytes = scratch(0, MOST_TEXT);
  const descriptor = openSync(filename, "r");
  try {
    const length = readSync(descriptor, bytes, 0, MOST_TEXT, 0);
    const { latin1Slice } = Buffer.prototype as unknown as { latin1Slice?(this: Uint8Array, start: number, end: number): string };
    if (length < MOST_TEXT && latin1Slice !== undefined) return latin1Slice.call(bytes, 0, length);
  } finally {
    closeSync(descriptor);
  }
  return readFileSync(filename, "latin1");
}

/** Three times what the largest has, in bytes. */
const MOST_TEXT = 1 << 19;

/** What precedes the compiled forms in a file, a line of JSON. */
export interface Contents {
  readonly kinds: readonly number[];
  /** Where each begins, counted from the end of the line, and its length; in bytes. */
  readonly parts: Readonly<Record<string, readonly [offset: number, length: number]>>;
}

/** The line is no longer than that, in bytes. */
const MOST_LINE = 4096;
const NEW_LINE = 0x0a;

/** The parts that are in such a file; nothing where it is damaged. src/cli/keep.ts writes one. */
export function splitCompiled(file: Kept): Given {
  const head = file.read(0, Math.min(MOST_LINE, file.size));
  // The array's own function: that of a Buffer would have to be compiled.
  const start = (head?.indexOf(NEW_LINE) ?? -1) + 1;
  if (head === undefined || start === 0) return nothingGiven;
  try {
    const { kinds, parts }: Contents = JSON.parse(String.fromCharCode(...head.subarray(0, start)));
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
