/** Keeps V8's compiled form of the parts that a command has run. A part of its own: most runs find it kept. */

import { writeCache } from "../disk/keep-compiled.js";
import type { Contents, Given, Parts } from "./parts.js";

/** V8's compiled form of parts, by their names. */
type Compiled = ReadonlyMap<string, Uint8Array>;

/**
 * Writes it under a name into the cache folder; `kind` is the kind of run that has ended. After findings other functions have been
 * compiled than after none: what is kept grows until it serves both. `isCurrent` says which other files there are not to go.
 */
export function keep(
  folder: string,
  name: string,
  parts: Parts,
  given: Given,
  kind: number,
  isCurrent: (name: string) => boolean,
) {
  const kinds = parts.hasRefused() ? [kind] : [...new Set([...given.kinds, kind])];
  writeCache(folder, name, joinCompiled(kinds, compiledOf(parts, given)), isCurrent);
}

/** The compiled form of all parts that have run, and what was given of others. */
function compiledOf(parts: Parts, given: Given): Compiled {
  const compiled = new Map<string, Uint8Array>();
  for (const name of parts.hasRefused() ? [] : given.names) {
    const bytes = parts.scripts().has(name) ? undefined : given.get(name);
    if (bytes !== undefined) compiled.set(name, bytes.slice());
  }
  for (const [name, script] of parts.scripts()) compiled.set(name, script.createCachedData());
  return compiled;
}

/** One file of all: the line, then the compiled forms. V8 wants each at a multiple of eight bytes. */
function joinCompiled(kinds: readonly number[], compiled: Compiled): Buffer {
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

const aligned = (length: number) => Math.ceil(length / 8) * 8;
