/** Writes an env.sh and, beside it, a folder with one small script a tool that leads to the program to use. */

import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { InputError } from "../errors.js";
import { quoted } from "../report/words.js";
import { reasonOf } from "./file-source.js";
import { type PrivateFolder, privateFolder } from "./private-folder.js";
import { readSmallFile } from "./small-file.js";

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
  const path = resolve(file);
  const folder = `${path}.bin`;
  if (folder.includes(":")) throw new InputError(`${file} lies in a folder with a colon in its name, which PATH cannot hold`);
  refuseOthers(path, file);
  let workspace: PrivateFolder | undefined;
  try {
    workspace = privateFolder(join(dirname(path), `.${basename(path).slice(0, 200)}.sandfit-`));
    const fresh = join(workspace.folder, "bin");
    mkdirSync(fresh);
    for (const entry of entries) {
      writeFileSync(join(fresh, entry.name), wrapper(entry));
      chmodSync(join(fresh, entry.name), 0o755);
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(fresh, folder);
    writeFileSync(`${fresh}.sh`, envScript(folder));
    renameSync(`${fresh}.sh`, path);
  } catch (error) {
    throw new InputError(`${file} cannot be written: ${reasonOf(error)}`);
  } finally {
    workspace?.remove();
  }
}

function refuseOthers(path: string, file: string): void {
  if (readSmallFile(path)?.startsWith(ENV_MARK) === false)
    throw new InputError(`${file} exists already and was not written by Sandfit; name another file`);
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
