/** Writes an env.sh and, beside it, a folder with one small script a tool that leads to the program to use. */

import { chmodSync, type Dirent, lstatSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { quoted } from "../../bytes/printable.js";
import { InputError } from "../../errors.js";
import { unwritable } from "../../files/file-source.js";
import { privateFolder } from "../../files/private-folder.js";
import { readSmallFile } from "../../files/small-file.js";
import { type Destination, giveName, isOfTheSystem, openDestination, refuseDestination } from "../../write/destination.js";

/** How each script begins, so that none is taken for a tool. */
export const WRAPPER_MARK = "#!/bin/sh\n# Written by `sandfit tools --env`\n";
const ENV_MARK = "# Written by `sandfit tools --env`";

export interface EnvEntry {
  readonly name: string;
  /** Absolute path of the program. */
  readonly path: string;
  /** Folder of lua modules that belong to it. */
  readonly luaFolder?: string;
}

/**
 * Writes `file` and the folder `file`.bin. A script in front of each program, and not a link to it or its folder in PATH: so each
 * tool leads to its own best program whatever else lies beside that, a program that finds its files by its own place still does,
 * and an APE, which only a shell can start, can be started by anything. An env.sh of Sandfit's own is replaced, no other is.
 * Throws InputError.
 */
export function writeEnvFile(file: string, entries: readonly EnvEntry[]): void {
  const destination = openDestination(file);
  try {
    writeBoth(destination, entries);
  } catch (error) {
    throw isOfTheSystem(error) ? unwritable(file, error) : error;
  } finally {
    destination.close();
  }
}

function writeBoth(destination: Destination, entries: readonly EnvEntry[]): void {
  const { name, path, at } = destination;
  if (path.includes(":")) throw new InputError(`${name} lies in a folder with a colon in its name, which PATH cannot hold`);
  refuseDestination(destination, true);
  if (readSmallFile(at, name)?.startsWith(ENV_MARK) === false)
    throw new InputError(`${name} exists already and was not written by Sandfit; name another file`);
  refuseOtherFolder(`${at}.bin`, `${name}.bin`);
  const { folder, remove } = privateFolder(join(dirname(at), `.${basename(at).slice(0, 200)}.sandfit-`));
  try {
    const [fresh, former, script] = [join(folder, "new"), join(folder, "former"), join(folder, "env.sh")];
    mkdirSync(fresh);
    for (const entry of entries) {
      writeFileSync(join(fresh, entry.name), wrapper(entry));
      chmodSync(join(fresh, entry.name), 0o755);
    }
    writeFileSync(script, envScript(`${path}.bin`));
    replaceFolder(`${at}.bin`, `${name}.bin`, fresh, former);
    giveName(script, destination);
  } finally {
    remove();
  }
}

/** The former one goes aside first, and is looked at again there, where nobody else puts anything. */
function replaceFolder(at: string, name: string, fresh: string, former: string): void {
  if (lstatSync(at, { throwIfNoEntry: false }) !== undefined) {
    renameSync(at, former);
    try {
      refuseOtherFolder(former, name);
    } catch (error) {
      renameSync(former, at);
      throw error;
    }
  }
  renameSync(fresh, at);
}

/** Throws InputError where the place of the scripts is taken by something else than such scripts. */
function refuseOtherFolder(path: string, name: string): void {
  const described = lstatSync(path, { throwIfNoEntry: false });
  if (described === undefined) return;
  const isOurs = described.isDirectory() && readdirSync(path, { withFileTypes: true }).every((one) => isWrapper(path, one));
  if (!isOurs) throw new InputError(`${name} exists already and was not written by Sandfit; name another file`);
}

function isWrapper(folder: string, entry: Dirent): boolean {
  return entry.isFile() && readSmallFile(join(folder, entry.name))?.startsWith(WRAPPER_MARK) === true;
}

function wrapper({ path, luaFolder }: EnvEntry): string {
  const modules =
    luaFolder === undefined
      ? ""
      : // An empty part at the end stands for lua's own default (lua manual, package.path).
        `LUA_PATH=${quoted(`${luaFolder}/?.lua;${luaFolder}/?/init.lua`)}";\${LUA_PATH:-;}"\nexport LUA_PATH\n`;
  return `${WRAPPER_MARK}${modules}exec ${quoted(path)} "$@"\n`;
}

/** For bash, zsh, dash and busybox sh; to be sourced from anywhere, as often as one likes. */
function envScript(folder: string): string {
  return `${ENV_MARK}: puts what works on this machine first in PATH. Source it.
sandfit_bin=${quoted(folder)}
case ":\${PATH-}:" in
  ":$sandfit_bin:"*) ;;
  *) PATH="$sandfit_bin\${PATH:+:$PATH}" ;;
esac
export PATH
unset sandfit_bin
hash -r 2>/dev/null || true
`;
}
