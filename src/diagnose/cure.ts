/** The one command that repairs a program where it is needed. */

import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { quoted } from "../bytes/printable.js";

/**
 * "in-place": the program is called by its path or name, so that the repaired one has to stand there. "beside": any new file will do.
 * What this user cannot write goes into the working directory or to ~/.local/bin, and has to be called there.
 */
export function cureOf(path: string, where: "in-place" | "beside"): string {
  const name = quoted(path);
  if (mayWrite(dirname(realpathSync(path)))) {
    if (where === "in-place") return `sandfit fix --in-place ${name}`;
    return `sandfit fix ${name}   (writes ${quoted(`${path}.gvisor`)}, which runs in gVisor and natively)`;
  }
  if (where === "beside" && mayWrite(".")) return `sandfit fix ${name} -o ${quoted(`./${basename(path)}`)}`;
  const folder = join(homedir(), ".local/bin");
  const make = existsSync(folder) ? "" : `mkdir -p ${quoted(folder)} && `;
  const isFound = !path.includes("/") && (process.env["PATH"] ?? "").split(":").includes(folder);
  const remark = isFound ? "" : "   (this user cannot write beside it; call that one by its path)";
  return `${make}sandfit fix ${name} -o ${quoted(join(folder, basename(path)))}${remark}`;
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
