/** What programs of known kinds open by themselves at start (dlopen): Firefox and its kin, Wine. */

import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isFile } from "../files/place.js";
import type { ElfView } from "../image/image.js";
import type { OpenedLibrary } from "../rules/surroundings.js";
import { real, withLibrary } from "./libraries.js";

/** Mozilla's list of what is opened, beside the program (xpcom/glue/standalone/nsXPCOMGlue.cpp); the last is the one that matters. */
const MOZILLA = "dependentlibs.list";
const MOST_BYTES = 4096;
/** Where Wine's loader looks, from its own place (loader/main.c), and where Debian and others have it. */
const WINE = "ntdll.so";
const FOLDERS_OF_WINE = [
  ".",
  "x86_64-unix",
  "../x86_64-linux-gnu/wine/x86_64-unix",
  "../lib/wine/x86_64-unix",
  "../lib64/wine/x86_64-unix",
];

/** The libraries; nothing is read yet but Mozilla's list. Never throws. */
export function openedAtStart(path: string, view: ElfView): OpenedLibrary[] {
  if (view.interpreter === undefined) return [];
  const program = real(path);
  const folder = dirname(program);
  if (basename(program).startsWith("wine")) {
    const found = FOLDERS_OF_WINE.map((place) => join(folder, place, WINE)).find(isFile);
    return found === undefined ? [] : [library(found, WINE)];
  }
  const list = join(folder, MOZILLA);
  const name = isFile(list) ? lastOf(list) : undefined;
  return name === undefined ? [] : [library(join(folder, name), MOZILLA)];
}

function library(path: string, text: string): OpenedLibrary {
  return { path, text, read: (look) => withLibrary(path, look) };
}

function lastOf(list: string): string | undefined {
  try {
    const text = statSync(list).size > MOST_BYTES ? "" : readFileSync(list, "latin1");
    return text.split("\n").findLast((name) => /^[\w.-]+\.so$/.test(name));
  } catch {
    return undefined;
  }
}
