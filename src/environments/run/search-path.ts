/** Looking programs up in PATH. */

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Whether there is a file that this user may run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Every program of that name in PATH, in its order. An empty part of PATH is the working directory (execvp(3)). */
export function allInPath(name: string): string[] {
  const folders = (process.env["PATH"] ?? "/usr/bin:/bin").split(delimiter);
  return folders.map((folder) => join(folder || ".", name)).filter(isProgram);
}

/** The one that execvp(3) would take; undefined without one. */
export function inPath(name: string): string | undefined {
  return allInPath(name)[0];
}
