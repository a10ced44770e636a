/** Which files a command line is about: the program itself, and what it is plainly told to run. */

import { realpathSync, statSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { inPath } from "../../environments/run/search-path.js";
import { readStart } from "../../files/read-fully.js";
import { apeMagic } from "../../image/ape.js";

/** More words than any command line that names its programs needs; each costs a look at a file. */
const MOST_WORDS = 200;
const MOST_PROGRAMS = 8;

/** Where a command's first word leads, as execvp(3) looks for it; undefined where there is no such file. */
export function fileOf(name: string): string | undefined {
  const path = name.includes("/") ? name : inPath(name);
  try {
    return path !== undefined && statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Files that a command may have executed: its first word, a script's interpreter behind the script, and every further word that names
 * an ELF file, an APE or a script (`sh -c "./prog | sort"` holds several words in one). Each once, as it is written.
 */
export function programsOf(command: readonly string[], folder = process.cwd()): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const add = (path: string | undefined): void => {
    if (path === undefined || found.length >= MOST_PROGRAMS) return;
    const absolute = isAbsolute(path) ? path : join(folder, path);
    const kind = kindOf(absolute);
    if (kind === undefined) return;
    const real = realpathSync(absolute);
    if (seen.has(real)) return;
    seen.add(real);
    found.push(path);
    if (kind !== "program") for (const word of kind.split(/\s+/).slice(0, 2)) add(fileOf(word));
  };
  add(fileOf(command[0]));
  const isShell = /^(ba|da|z|k|a)?sh$/.test(basename(command[0]));
  const words = command.slice(1).flatMap((word) => (word.length < 65_536 ? word.split(/[\s;|&()<>"'`]+/) : []));
  for (const word of words.slice(0, MOST_WORDS)) {
    if (word.includes("/")) add(word);
    else if (isShell && /^[\w.+-]+$/.test(word)) add(fileOf(word) ?? word);
  }
  return found;
}

/** "program" for ELF and APE, the words behind `#!` for a script, undefined for all else. */
function kindOf(path: string): string | undefined {
  let start: Buffer;
  try {
    if (!statSync(path).isFile()) return undefined;
    start = readStart(path, 256);
  } catch {
    return undefined; // not there, or not to be read
  }
  const text = start.toString("latin1");
  if (apeMagic(start) !== undefined || text.startsWith("\x7fELF")) return "program";
  return /^#![ \t]*([^\n]+)\n/.exec(text)?.[1].trim();
}
