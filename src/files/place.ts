/** What a name on the disk stands for. */

import { lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { InputError } from "../errors.js";

/** The path that a name stands for: links are followed, so that a link stays a link. */
export function realPlace(target: string): string {
  if (!lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target;
  if (statSync(target, { throwIfNoEntry: false }) === undefined) throw new InputError(`${target} is a link to nothing`);
  return realpathSync(target);
}

/** Whether a name leads to a file. What cannot be looked at, in a folder of somebody else's or behind a ring of links, is none. */
export function isFile(path: string): boolean {
  return described(path)?.isFile() ?? false;
}

/** The same for a folder. */
export function isFolder(path: string): boolean {
  return described(path)?.isDirectory() ?? false;
}

function described(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The path that a name leads to, links followed as far as they exist. */
export function placeOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? resolve(path) : join(placeOf(folder), basename(path));
  }
}
