/** What a name on the disk stands for. */

import { lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { InputError } from "../errors.js";

/** The path that a name stands for: links are followed, so that a link stays a link. */
export function realPlace(target: string): string {
  if (!lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target;
  if (statSync(target, { throwIfNoEntry: false }) === undefined) throw new InputError(`${target} is a link to nothing`);
  return realpathSync(target);
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
