/** Which shared libraries a program would load, found as ld.so does (ld.so(8), "DESCRIPTION"; glibc elf/dl-load.c). */

import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { cachedSource } from "../bytes/cached.js";
import type { ByteSource } from "../bytes/source.js";
import { InputError } from "../errors.js";
import { openFile } from "../files/file-source.js";
import { isFile } from "../files/place.js";
import { readAtAddress } from "../image/address.js";
import { type LibraryView, readLibraryView } from "../image/elf.js";
import { readElfNotes } from "../image/elf-notes.js";
import type { ElfView } from "../image/image.js";
import type { Closure, Libraries, Library } from "../rules/surroundings.js";

/** More than any program met loads; a ring of names ends by itself. */
const MOST_LIBRARIES = 2000;
/** Places at which libraries are looked for, for one program: a small file can name a thousand folders and two thousand libraries. */
const MOST_PLACES = 20_000;

/** How many more places may be looked at. */
interface Budget {
  left: number;
}

/** Bytes of names; glibc has 32 thousand. */
const MOST_NAMES = 1 << 24;

/** A library, and what it asks for itself. */
interface LinkedLibrary extends Library {
  readonly view: LibraryView;
  /** Of glibc's libc: its version. */
  readonly glibc: string | undefined;
}

/** One library is asked about by many programs: read once a process. */
const known = new Map<string, Promise<LinkedLibrary | undefined>>();

interface Loaded {
  readonly path: string;
  readonly view: LibraryView;
  /** What asked for it; undefined for the program. */
  readonly by: Loaded | undefined;
}

/** The libraries of a program. LD_LIBRARY_PATH and preloads are of the moment and left out. */
export function librariesOf(path: string, view: ElfView): Libraries {
  let closure: Promise<LinkedClosure> | undefined;
  const budget: Budget = { left: MOST_PLACES };
  const all = () => {
    closure ??= closureOf(path, view, budget);
    return closure;
  };
  return {
    all,
    glibc: async () => {
      // What a program asks for itself is looked up for it before anything else can ask for it.
      const name = view.needed.find(isLibc);
      const libc =
        name === undefined
          ? (await all()).found.find((one) => isLibc(one.path))
          : await search(name, programAt(path, view), budget);
      return libc?.glibc;
    },
  };
}

const isLibc = (path: string) => /^libc[.-].*so/.test(basename(path));

const programAt = (path: string, view: ElfView): Loaded => ({ path: real(path), view, by: undefined });

interface LinkedClosure extends Closure {
  readonly found: readonly LinkedLibrary[];
}

/** The interpreter and every library of the closure of DT_NEEDED, in ld.so's order (breadth first). Never throws. */
async function closureOf(path: string, view: ElfView, budget: Budget): Promise<LinkedClosure> {
  const found = new Map<string, LinkedLibrary>();
  const missing: string[] = [];
  const seen = new Set<string>();
  if (view.interpreter !== undefined) {
    const interpreter = await libraryAt(view.interpreter);
    if (interpreter !== undefined) found.set(interpreter.path, interpreter);
  }
  const queue = [programAt(path, view)];
  for (let loaded = queue.shift(); loaded !== undefined && seen.size < MOST_LIBRARIES; loaded = queue.shift()) {
    for (const name of loaded.view.needed) {
      // ld.so knows a library by its name: the second to ask gets what the first got.
      if (seen.has(name)) continue;
      seen.add(name);
      const library = await search(name, loaded, budget);
      if (library === undefined) missing.push(name);
      else if (!found.has(library.path)) {
        found.set(library.path, library);
        queue.push({ path: library.path, view: library.view, by: loaded });
      }
    }
  }
  return { found: [...found.values()], missing };
}

/** Names of symbol versions, which stand among the names of the dynamic symbols: far less to read than all of the library. */
async function glibcVersion(source: ByteSource, view: LibraryView): Promise<string | undefined> {
  const { strings } = view.dynamic ?? {};
  if (strings === undefined) return undefined;
  const { buffer, byteOffset, length } = await readAtAddress(source, view, strings.address, Math.min(strings.size, MOST_NAMES));
  const names = Buffer.from(buffer, byteOffset, length)
    .toString("latin1")
    .matchAll(/\0GLIBC_2\.(\d+)(?=\0)/g);
  let newest = -1;
  for (const [, minor] of names) newest = Math.max(newest, Number(minor));
  return newest < 0 ? undefined : `2.${newest}`;
}

async function search(name: string, asking: Loaded, budget: Budget): Promise<LinkedLibrary | undefined> {
  if (budget.left <= 0) return undefined;
  const candidates = name.includes("/") ? [name] : foldersFor(asking).map((folder) => join(folder, name));
  for (const candidate of candidates.slice(0, budget.left)) {
    budget.left--;
    const library = await libraryAt(candidate);
    if (library?.view.machine === asking.view.machine && library.view.class === asking.view.class) return library;
  }
  return undefined;
}

/** DT_RUNPATH of the asking object; without one, DT_RPATH of it and of all that led to it; then what the system has. */
function foldersFor(asking: Loaded): string[] {
  const own = asking.view.dynamic?.runpath;
  const paths: { path: string; of: Loaded }[] = [];
  if (own !== undefined) paths.push({ path: own, of: asking });
  else {
    for (let one: Loaded | undefined = asking; one !== undefined; one = one.by) {
      const { rpath, runpath } = one.view.dynamic ?? {};
      if (rpath !== undefined && runpath === undefined) paths.push({ path: rpath, of: one });
    }
  }
  const named = paths.flatMap(({ path, of }) => path.split(":").map((folder) => expand(folder, of)));
  return [...named.filter((folder) => isAbsolute(folder)), ...systemFolders(asking.view)];
}

/** $ORIGIN is the folder of the object; $LIB and $PLATFORM depend on the machine. */
function expand(folder: string, { path, view }: Loaded): string {
  return folder
    .replace(/\$(ORIGIN|\{ORIGIN\})/g, () => dirname(path))
    .replace(/\$(LIB|\{LIB\})/g, () => `lib/${tripletOf(view)}`)
    .replace(/\$(PLATFORM|\{PLATFORM\})/g, () => (view.machine === "x86-64" ? "x86_64" : view.machine));
}

function tripletOf(view: LibraryView): string {
  return view.machine === "aarch64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
}

function systemFolders(view: LibraryView): string[] {
  const triplet = tripletOf(view);
  const usual = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];
  return [...configuredFolders(), `/lib/${triplet}`, `/usr/lib/${triplet}`, ...usual];
}

let configured: string[] | undefined;

/** The folders that /etc/ld.so.conf names, included files too. */
function configuredFolders(): string[] {
  configured ??= foldersIn("/etc/ld.so.conf", 0);
  return configured;
}

function foldersIn(path: string, depth: number): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  return lines.flatMap((line) => {
    const included = /^include\s+(\S+)$/.exec(line)?.[1];
    if (included === undefined) return isAbsolute(line) ? [line] : [];
    return depth > 4 ? [] : matching(included, path).flatMap((file) => foldersIn(file, depth + 1));
  });
}

/** `include /etc/ld.so.conf.d/*.conf`: a star stands for anything in the last part of the path. */
function matching(pattern: string, from: string): string[] {
  const path = isAbsolute(pattern) ? pattern : join(dirname(from), pattern);
  if (!path.includes("*")) return [path];
  const [head = "", tail = ""] = path.slice(path.lastIndexOf("/") + 1).split("*", 2);
  try {
    const names = readdirSync(dirname(path)).sort();
    return names.filter((name) => name.startsWith(head) && name.endsWith(tail)).map((name) => join(dirname(path), name));
  } catch {
    return [];
  }
}

function libraryAt(path: string): Promise<LinkedLibrary | undefined> {
  const before = known.get(path);
  if (before !== undefined) return before;
  const library = isFile(path) ? readOnce(real(path)) : Promise.resolve(undefined);
  known.set(path, library);
  return library;
}

/** Links lead to most libraries. */
function readOnce(path: string): Promise<LinkedLibrary | undefined> {
  const library = known.get(path) ?? readLibrary(path);
  known.set(path, library);
  return library;
}

async function readLibrary(path: string): Promise<LinkedLibrary | undefined> {
  return withLibrary(path, async (source) => {
    const view = await readLibraryView(source);
    const glibc = isLibc(path) ? await glibcVersion(source, view) : undefined;
    return { path, view, glibc, notes: await readElfNotes(source, view) };
  });
}

/** What is read of a file; undefined where it cannot be. */
export async function withLibrary<Result>(
  path: string,
  what: (source: ByteSource) => Promise<Result>,
): Promise<Result | undefined> {
  try {
    const source = openFile(path);
    try {
      return await what(cachedSource(source));
    } finally {
      source.close();
    }
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** The path without links; as it is where it leads nowhere. */
export function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
