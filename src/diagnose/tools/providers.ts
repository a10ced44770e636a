/** Finds every file that provides a tool: each in PATH, each in a toolset, and one that the package has outside of PATH. */

import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { allInPath, isProgram } from "../../environments/run/search-path.js";
import { InputError } from "../../errors.js";
import { isFolder } from "../../files/place.js";
import { readStart } from "../../files/read-fully.js";
import { WRAPPER_MARK } from "./env-file.js";

export interface Found {
  readonly path: string;
  readonly source: "path" | "toolset" | "package";
  readonly also: readonly string[];
}

/** A folder that was unpacked somewhere: programs in it or in its bin, lua modules in lib/lua. */
export interface Toolset {
  readonly folder: string;
  readonly envFile: string | undefined;
  readonly luaFolder: string | undefined;
}

/** Looks at the folder given with `--from`. Throws InputError where it is none. */
export function toolsetIn(name: string): Toolset {
  const folder = resolve(name);
  if (!isFolder(folder)) throw new InputError(`--from ${name} is no folder`);
  const ifThere = (path: string): string | undefined => (existsSync(path) ? path : undefined);
  return { folder, envFile: ifThere(join(folder, "env.sh")), luaFolder: ifThere(join(folder, "lib/lua")) };
}

/** What `sandfit fix` adds to a name by default. */
const FIXED = ".gvisor";

/** Files with one of the names, each once, in the order of PATH and then of the toolsets; behind each what was made of it by `fix`. */
export function findProviders(names: readonly string[], toolsets: readonly Toolset[], extra?: string): Found[] {
  const found = new Map<string, { path: string; source: Found["source"]; also: string[] }>();
  const add = (path: string, source: Found["source"]): void => {
    if (!isProgram(path) || isWrapper(path)) return;
    const real = realpathSync(path);
    const before = found.get(real);
    if (before === undefined) {
      found.set(real, { path, source, also: [] });
      if (!path.endsWith(FIXED)) add(`${path}${FIXED}`, source);
    } else if (before.path !== path && !before.also.includes(path)) before.also.push(path);
  };
  for (const path of names.flatMap(allInPath)) if (path.startsWith("/")) add(path, "path");
  for (const { folder } of toolsets) {
    for (const name of names) for (const below of ["bin", "."]) add(join(folder, below, name), "toolset");
  }
  if (extra !== undefined) add(extra, "package");
  return [...found.values()];
}

/** The toolset that a file lies in, by its own place or by that of what it links to, however it was found. */
export function toolsetOf(path: string, toolsets: readonly Toolset[]): Toolset | undefined {
  const folders = [realpathSync(dirname(path)), dirname(realpathSync(path))];
  return toolsets.find((set) => {
    const root = realpathSync(set.folder);
    return folders.some((folder) => folder === root || folder === join(root, "bin"));
  });
}

/** What `--env` wrote leads to a provider and is none. */
function isWrapper(path: string): boolean {
  try {
    return readStart(path, WRAPPER_MARK.length).toString("latin1") === WRAPPER_MARK;
  } catch {
    return false; // may be executed but not read
  }
}
