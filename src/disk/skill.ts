/** Puts the skill for coding agents into a folder of skills. */

import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../errors.js";
import { reasonOf } from "./file-source.js";
import { writeWhole } from "./replace.js";
import { readSmallFile } from "./small-file.js";

/** Every version of the skill begins so. */
const MARK = "---\nname: sandfit\n";

/** Writes `folder`/sandfit/SKILL.md over an older one of Sandfit's, never over another. Returns its path. Throws InputError. */
export function installSkill(folder: string, text: string): string {
  const path = join(folder, "sandfit", "SKILL.md");
  const before = readSmallFile(path);
  if (before !== undefined && !before.startsWith(MARK)) throw new InputError(`${path} exists already and is not Sandfit's`);
  try {
    makeFolder(join(folder, "sandfit"));
  } catch (error) {
    throw new InputError(`${path} cannot be written: ${reasonOf(error)}`);
  }
  writeWhole(path, text);
  return path;
}

/** With all above it. Node's own way (`recursive`) never ends below /proc, where mkdir(2) answers ENOENT for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}
