/** Which shared libraries a program would load, found as ld.so does (ld.so(8), "DESCRIPTION"; glibc elf/dl-load.c). */

import { basename, dirname, isAbsolute, join } from "node:path";
import { cachedSource } from "../bytes/cached.js";
import type { ByteSource } from "../bytes/source.js";
import { readAtAddress } from "../image/address.js";
import { type LibraryView, readLibraryView } from "../image/elf.js";
import { readElfNotes } from "../image/elf-notes.js";
import type { ElfView } from "../image/image.js";
import type { Closure, Libraries, Library } from "../rules/surroundings.js";
import { type FileTree, machineTree, textOf, withFile } from "./tree.js";

/** More than any program met loads; a ring of names ends by itself. */
const MOST_LIBRARIES = 2000;
/** Places at which libraries are looked for, for one program: a small file can name a thousand folders and two thousand libraries. */
const MOST_PLACES = 20_000;

/** How many more places may be looked at. */
interface Budget {
  left: number;
}

/** Files of ld.so's configuration, and bytes of each. */
const MOST_CONFIGURATION = 200;
const MOST_TEXT = 1 << 20;

/** Bytes of names; glibc has 32 thousand. */
const MOST_NAMES = 1 << 24;

/** A library, and what it asks for itself. */
interface LinkedLibrary extends Library {
  /** Its path in the tree. */
  readonly at: string;
  readonly view: LibraryView;
  /** Of glibc's libc: its version. */
  readonly glibc: string | undefined;
}

/** What was found out about a tree: one library is asked about by many programs. */
interface Known {
  readonly tree: FileTree;
  readonly libraries: Map<string, Promise<LinkedLibrary | undefined>>;
  /** The directories that /etc/ld.so.conf names, included files too. */
  configured?: Promise<readonly string[]>;
}

const knownOf = new WeakMap<FileTree, Known>();

function knownIn(tree: FileTree): Known {
  const known = knownOf.get(tree) ?? { tree, libraries: new Map() };
  knownOf.set(tree, known);
  return known;
}

interface Loaded {
  readonly path: string;
  readonly view: LibraryView;
  /** What asked for it; undefined for the program. */
  readonly by: Loaded | undefined;
}

/** The libraries of the program at a path of a tree. LD_LIBRARY_PATH and preloads are of the moment and left out. */
export function librariesOf(path: string, view: ElfView, tree: FileTree = machineTree): Libraries {
  const known = knownIn(tree);
  const program = { path: tree.resolve(path) ?? path, view, by: undefined };
  let closure: Promise<LinkedClosure> | undefined;
  const budget: Budget = { left: MOST_PLACES };
  const all = () => {
    closure ??= closureOf(known, program, view.interpreter, budget);
    return closure;
  };
  return {
    all,
    glibc: async () => {
      // What a program asks for itself is looked up for it before anything else can ask for it.
      const name = view.needed.find(isLibc);
      const libc =
        name === undefined ? (await all()).found.find((one) => isLibc(one.path)) : await search(known, name, program, budget);
      return libc?.glibc;
    },
  };
}

const isLibc = (path: string) => /^libc[.-].*so/.test(basename(path));

interface LinkedClosure extends Closure {
  readonly found: readonly LinkedLibrary[];
}

/** The interpreter and every library of the closure of DT_NEEDED, in ld.so's order (breadth first). Never throws. */
async function closureOf(
  known: Known,
  program: Loaded,
  interpreterName: string | undefined,
  budget: Budget,
): Promise<LinkedClosure> {
  const found = new Map<string, LinkedLibrary>();
  const missing: string[] = [];
  const seen = new Set<string>();
  if (interpreterName !== undefined) {
    const interpreter = await libraryAt(known, interpreterName);
    if (interpreter !== undefined) found.set(interpreter.path, interpreter);
  }
  const queue = [program];
  for (let loaded = queue.shift(); loaded !== undefined && seen.size < MOST_LIBRARIES; loaded = queue.shift()) {
    for (const name of loaded.view.needed) {
      // ld.so knows a library by its name: the second to ask gets what the first got.
      if (seen.has(name)) continue;
      seen.add(name);
      const library = await search(known, name, loaded, budget);
      if (library === undefined) missing.push(name);
      else if (!found.has(library.path)) {
        found.set(library.path, library);
        queue.push({ path: library.at, view: library.view, by: loaded });
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

async function search(known: Known, name: string, asking: Loaded, budget: Budget): Promise<LinkedLibrary | undefined> {
  if (budget.left <= 0) return undefined;
  const candidates = name.includes("/") ? [name] : (await directoriesFor(known, asking)).map((one) => join(one, name));
  for (const candidate of candidates.slice(0, budget.left)) {
    budget.left--;
    const library = await libraryAt(known, candidate);
    if (library?.view.machine === asking.view.machine && library.view.class === asking.view.class) return library;
  }
  return undefined;
}

/** DT_RUNPATH of the asking object; without one, DT_RPATH of it and of all that led to it; then what the system has. */
async function directoriesFor(known: Known, asking: Loaded): Promise<string[]> {
  const own = asking.view.dynamic?.runpath;
  const paths: { path: string; of: Loaded }[] = [];
  if (own !== undefined) paths.push({ path: own, of: asking });
  else {
    for (let one: Loaded | undefined = asking; one !== undefined; one = one.by) {
      const { rpath, runpath } = one.view.dynamic ?? {};
      if (rpath !== undefined && runpath === undefined) paths.push({ path: rpath, of: one });
    }
  }
  const named = paths.flatMap(({ path, of }) => path.split(":").map((directory) => expand(directory, of)));
  return [...named.filter((directory) => isAbsolute(directory)), ...(await systemDirectories(known, asking.view))];
}

/** $ORIGIN is the directory of the object; $LIB and $PLATFORM depend on the machine. */
function expand(directory: string, { path, view }: Loaded): string {
  return directory
    .replace(/\$(ORIGIN|\{ORIGIN\})/g, () => dirname(path))
    .replace(/\$(LIB|\{LIB\})/g, () => `lib/${tripletOf(view)}`)
    .replace(/\$(PLATFORM|\{PLATFORM\})/g, () => (view.machine === "x86-64" ? "x86_64" : view.machine));
}

function tripletOf(view: LibraryView): string {
  return view.machine === "aarch64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
}

async function systemDirectories(known: Known, view: LibraryView): Promise<string[]> {
  const triplet = tripletOf(view);
  const usual = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];
  known.configured ??= directoriesIn(known.tree, "/etc/ld.so.conf", 0, { left: MOST_CONFIGURATION });
  return [...(await known.configured), `/lib/${triplet}`, `/usr/lib/${triplet}`, ...usual];
}

async function directoriesIn(tree: FileTree, path: string, depth: number, budget: Budget): Promise<string[]> {
  if (budget.left-- <= 0) return [];
  const text = (await textOf(tree, path, MOST_TEXT)) ?? "";
  const found: string[] = [];
  for (const line of text.split("\n").map((one) => one.replace(/#.*/, "").trim())) {
    const included = /^include\s+(\S+)$/.exec(line)?.[1];
    if (included === undefined) found.push(...(isAbsolute(line) ? [line] : []));
    else if (depth <= 4)
      for (const file of matching(tree, included, path)) found.push(...(await directoriesIn(tree, file, depth + 1, budget)));
  }
  return found;
}

/** `include /etc/ld.so.conf.d/*.conf`: a star stands for anything in the last part of the path. */
function matching(tree: FileTree, pattern: string, from: string): string[] {
  const path = isAbsolute(pattern) ? pattern : join(dirname(from), pattern);
  if (!path.includes("*")) return [path];
  const [head = "", tail = ""] = path.slice(path.lastIndexOf("/") + 1).split("*", 2);
  const names = tree.list(dirname(path));
  return names.filter((name) => name.startsWith(head) && name.endsWith(tail)).map((name) => join(dirname(path), name));
}

function libraryAt(known: Known, path: string): Promise<LinkedLibrary | undefined> {
  const before = known.libraries.get(path);
  if (before !== undefined) return before;
  const real = known.tree.resolve(path);
  // Symlinks lead to most libraries.
  const library = real === undefined ? Promise.resolve(undefined) : (known.libraries.get(real) ?? readLibrary(known.tree, real));
  known.libraries.set(path, library);
  if (real !== undefined) known.libraries.set(real, library);
  return library;
}

async function readLibrary(tree: FileTree, at: string): Promise<LinkedLibrary | undefined> {
  return withFile(tree, at, async (file) => {
    const source = cachedSource(file);
    const view = await readLibraryView(source);
    const glibc = isLibc(at) ? await glibcVersion(source, view) : undefined;
    return { at, path: tree.nameOf(at), view, glibc, notes: await readElfNotes(source, view) };
  });
}
