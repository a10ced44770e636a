/** Writing what src/disk/compile-cache.ts reads. */

import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isPrivateFolder } from "./compile-cache.js";

/** What a process that was killed may have left of a file, or one at this moment writes, which then goes without. */
const isTemporary = (name: string) => /\.\d+$/.test(name);

/** Keeps bytes under a name, whole or not at all, and removes what other builds have left (`isCurrent` says which are not). */
export function writeCache(folder: string, name: string, bytes: Uint8Array, isCurrent: (name: string) => boolean): void {
  try {
    if (!makePrivateFolder(folder)) return;
    const temporary = join(folder, `${name}.${process.pid}`);
    try {
      writeFileSync(temporary, Buffer.concat([bytes, bytes]), { mode: 0o600, flag: "wx" });
      renameSync(temporary, join(folder, name));
    } catch {
      // What a full disk has taken of it must not stay there.
      rmSync(temporary, { force: true });
    }
    for (const other of readdirSync(folder))
      if (!isCurrent(other) || isTemporary(other)) rmSync(join(folder, other), { force: true });
  } catch {
    // A read-only or full disk: the next start compiles again.
  }
}

/** Makes the folder where its parent, or the parent's parent, is the user's own: not in the home of another (sudo keeps HOME). */
function makePrivateFolder(folder: string): boolean {
  if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) return isPrivateFolder(folder);
  const parent = dirname(folder);
  const existing = statSync(parent, { throwIfNoEntry: false });
  if ((existing ?? statSync(dirname(parent))).uid !== process.geteuid?.()) return false;
  if (existing === undefined) mkdirSync(parent, { mode: 0o700 });
  mkdirSync(folder, { mode: 0o700 });
  return isPrivateFolder(folder);
}
