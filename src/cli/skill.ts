/** Puts the skill for coding agents into a folder of skills. */

import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { DiskError, InputError } from "../errors.js";
import { reasonOf } from "../files/file-source.js";
import { readSmallFile } from "../files/small-file.js";
import { openDestination } from "../write/destination.js";
import { writeWhole } from "../write/replace.js";

/** Every version of the skill begins so. */
const MARK = "---\nname: sandfit\n";

/** Writes `folder`/sandfit/SKILL.md over an older one of Sandfit's, never over another. Returns its path. Throws InputError. */
export function installSkill(folder: string, text: string): string {
  const path = join(folder, "sandfit", "SKILL.md");
  refuseOther(path, path);
  try {
    makeFolder(join(folder, "sandfit"));
  } catch (error) {
    throw new DiskError(`${path} cannot be written: ${reasonOf(error)}`);
  }
  const destination = openDestination(path);
  try {
    refuseOther(destination.at, path);
    writeWhole(destination, text);
  } finally {
    destination.close();
  }
  return path;
}

function refuseOther(path: string, name: string): void {
  if (readSmallFile(path, name)?.startsWith(MARK) === false) throw new InputError(`${name} exists already and is not Sandfit's`);
}

/** With all above it. Node's own way (`recursive`) never ends below /proc, where mkdir(2) answers ENOENT for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}
