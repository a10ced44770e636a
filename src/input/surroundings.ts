/** What is known of a file besides its bytes: its mode, and the libraries that it would load. */

import { statSync } from "node:fs";
import type { Surroundings } from "../rules/surroundings.js";
import { librariesOf } from "./libraries.js";
import { openedAtStart } from "./opened-at-start.js";
import { type FileTree, machineTree, type TreeEntry } from "./tree.js";

/** The surroundings of a file of this machine. Never throws: what cannot be found out is left out. */
export function surroundingsOf(path: string): Surroundings {
  return surroundingsIn(machineTree, { path, mode: modeOf(path) });
}

/** The surroundings of a file of a tree: what it loads is looked for in that tree. */
export function surroundingsIn(tree: FileTree, { path, mode }: Pick<TreeEntry, "path" | "mode">): Surroundings {
  return {
    ...(mode !== undefined && { mode }),
    libraries: (view) => librariesOf(path, view, tree),
    openedAtStart: (view) => openedAtStart(path, view, tree),
  };
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o7777;
  } catch {
    return undefined;
  }
}
