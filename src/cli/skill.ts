/** Puts the skill for coding agents into a directory of skills, and the command beside it. */

import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { DiskError, InputError } from "../errors.js";
import { reasonOf } from "../files/file-source.js";
import { readSmallFile } from "../files/small-file.js";
import { openDestination } from "../write/destination.js";
import { writeWhole } from "../write/replace.js";

/** Every version of the skill begins so. */
const MARK = "---\nname: sandfit\n";

/** The command begins so. */
const PROGRAM_MARK = "#!/usr/bin/env node\n";

/**
 * Writes `folder`/sandfit/SKILL.md and the command as sandfit.cjs beside it, over older ones of Sandfit's, never over anything else.
 * Returns their paths. Throws InputError.
 */
export function installSkill(folder: string, text: string): string[] {
  const at = join(folder, "sandfit");
  const skill = join(at, "SKILL.md");
  const program = join(at, "sandfit.cjs");
  const own = dirname(realpathSync(process.argv[1]!));
  const single = join(own, "sandfit.cjs");
  const parts = join(own, "command");
  const isSingle = existsSync(single);
  refuseOther(skill, skill, MARK);
  refuseOther(program, program, PROGRAM_MARK);
  if (!isSingle && existsSync(join(at, "command")) && !existsSync(program))
    throw new InputError(`${join(at, "command")} exists already and is not Sandfit's`);
  try {
    makeFolder(at);
    // The npm package has the command in parts.
    if (!isSingle) cpSync(parts, join(at, "command"), { recursive: true });
  } catch (error) {
    throw new DiskError(`${skill} cannot be written: ${reasonOf(error)}`);
  }
  const source = isSingle ? single : join(own, "cli.cjs");
  if (!existsSync(program) || realpathSync(program) !== realpathSync(source))
    put(program, readFileSync(source, "utf8"), PROGRAM_MARK);
  // Last: where the skill is, all of it is.
  return [put(skill, text, MARK), program];
}

function put(path: string, text: string, mark: string): string {
  const destination = openDestination(path);
  try {
    refuseOther(destination.at, path, mark);
    writeWhole(destination, text);
  } finally {
    destination.close();
  }
  return path;
}

function refuseOther(path: string, name: string, mark: string): void {
  if (readSmallFile(path, name)?.startsWith(mark) === false) throw new InputError(`${name} exists already and is not Sandfit's`);
}

/** With all above it. Node's own way (`recursive`) never ends below /proc, where mkdir(2) answers ENOENT for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}
