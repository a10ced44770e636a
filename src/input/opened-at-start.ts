/** What programs of known kinds open by themselves at start (dlopen): Firefox and its kin, Wine. */

import { basename, dirname, join } from "node:path";
import { cachedSource } from "../bytes/cached.js";
import type { ElfView } from "../image/image.js";
import type { OpenedLibrary } from "../rules/surroundings.js";
import { type FileTree, machineTree, textOf, withFile } from "./tree.js";

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
export async function openedAtStart(path: string, view: ElfView, tree: FileTree = machineTree): Promise<OpenedLibrary[]> {
  if (view.interpreter === undefined) return [];
  const program = tree.resolve(path) ?? path;
  const directory = dirname(program);
  if (basename(program).startsWith("wine")) {
    const places = FOLDERS_OF_WINE.map((place) => join(directory, place, WINE));
    const found = places.find((place) => tree.resolve(place) !== undefined);
    return found === undefined ? [] : [library(tree, found, WINE)];
  }
  const text = (await textOf(tree, join(directory, MOZILLA), MOST_BYTES)) ?? "";
  const name = text.split("\n").findLast((line) => /^[\w.-]+\.so$/.test(line));
  return name === undefined ? [] : [library(tree, join(directory, name), MOZILLA)];
}

function library(tree: FileTree, path: string, text: string): OpenedLibrary {
  return { path: tree.nameOf(path), text, read: (look) => withFile(tree, path, (file) => look(cachedSource(file))) };
}
