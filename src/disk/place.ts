/** What a name on the disk stands for. */

import { lstatSync, realpathSync, statSync } from "node:fs";
import { InputError } from "../errors.js";

/** The path that a name stands for: links are followed, so that a link stays a link. */
export function realPlace(target: string): string {
  if (!lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) return target;
  if (statSync(target, { throwIfNoEntry: false }) === undefined) throw new InputError(`${target} is a link to nothing`);
  return realpathSync(target);
}
