/** Commands whose work is to start others, and what they read to know which. */

import { readdirSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { isFile, isFolder } from "../../files/place.js";
import { readStart } from "../../files/read-fully.js";
import { apeMagic } from "../../image/ape.js";
import { fileOf } from "./programs.js";

/** Programs known for starting others; scripts do so too. */
const STARTERS =
  /^(?:(?:ba|da|z|k|a|fi)?sh|g?make|remake|ninja|samu|npm|npx|yarn|pnpm|bun|just|cmake|meson|tox|nox|python[\d.]*|node|perl|ruby|env|timeout|xargs|find|sudo|nohup|nice|parallel)$/;
/** What they read where no file is named. */
const USUAL: readonly (readonly [RegExp, readonly string[]])[] = [
  [/make/, ["GNUmakefile", "makefile", "Makefile"]],
  [/^(?:ninja|samu)$/, ["build.ninja"]],
  [/^(?:npm|npx|yarn|pnpm|bun)$/, ["package.json"]],
  [/^just$/, ["justfile", "Justfile"]],
];
/** Files that are looked at, texts and programs together. */
const MOST_FILES = 50;
const MOST_TEXT = 64 * 1024;
const MOST_WORDS = 5000;
const MOST_SIZE = 64 << 20;
/** Where the system keeps its own programs: thousands, of which none is Cosmopolitan's. */
const OF_SYSTEM = /^\/(?:usr\/)?s?bin$/;
const ELF_OSABI = 7;
/** Cosmopolitan writes FreeBSD's number there, so that FreeBSD takes the file too. */
const FREEBSD = 9;

/** Whether a command's work is to start others: which program died is then not known from how it ended. */
export function isStarter(command: readonly string[]): boolean {
  const file = fileOf(command[0]!);
  return STARTERS.test(basename(command[0]!)) || (file !== undefined && kindOf(file) === "text");
}

/**
 * Programs, not of the system, that the texts behind a command name: its script, Makefile, package.json, and the scripts that those name.
 * Each once, as it is found from the working directory.
 */
export function namedIn(command: readonly string[]): string[] {
  if (!isStarter(command)) return [];
  const found = new Set<string>();
  const inPath = programsInPath();
  const queue = textsOf(command);
  const seen = new Set(queue.map(({ path }) => path));
  for (let files = 0; queue.length > 0 && files < MOST_FILES; files++) {
    const { path, folders } = queue.shift()!;
    // npm puts this directory into PATH.
    const ofPackage = basename(path) === "package.json" ? new Map(namesIn(join(dirname(path), "node_modules/.bin"))) : undefined;
    for (const word of new Set(wordsOf(textOf(path)))) {
      if (word.length < 2 || word.startsWith("-")) continue;
      const places = folders.map((folder) => plainJoin(folder, word));
      const file = places.find(isFile) ?? ofPackage?.get(word) ?? inPath.get(word);
      if (file === undefined) {
        // `$(MAKE) -C sub`
        const below = /make/i.test(basename(path)) ? places.find(isFolder) : undefined;
        if (below !== undefined) for (const one of usualTexts("make", below)) push(queue, seen, one, [below]);
        continue;
      }
      if (seen.has(file) || found.size + queue.length >= MOST_FILES) continue;
      const kind = kindOf(file);
      if (kind === "cosmopolitan" || (kind === "program" && word.includes("/") && !isOfSystem(file))) found.add(file);
      else if (kind === "text" || (/\.mk$|make/i.test(word) && kind !== "program")) push(queue, seen, file, folders);
    }
  }
  return [...found];
}

/** Programs of Cosmopolitan's in the working directory and in those directories of PATH that are not the system's. */
export function cosmopolitanAround(): string[] {
  const here = readdir(".").map((name) => `./${name}`);
  const further = [...programsInPath()].filter(([, path]) => !OF_SYSTEM.test(dirname(path))).map(([, path]) => path);
  return [...here, ...further].slice(0, 2000).filter(isCosmopolitan).slice(0, MOST_FILES);
}

interface Text {
  readonly path: string;
  /** Where names without a leading slash are looked for. */
  readonly folders: readonly string[];
}

function textsOf(command: readonly string[]): Text[] {
  const [program, ...words] = command as [string, ...string[]];
  const name = basename(program);
  const moved = words[words.indexOf("-C") + 1];
  const folder = /make|ninja/.test(name) && words.includes("-C") && moved !== undefined ? moved : ".";
  const spoken = words.slice(0, 200).flatMap(wordsOf);
  const named = [fileOf(program), ...spoken.flatMap((word) => [plainJoin(".", word), plainJoin(folder, word)])];
  const scripts = named.filter((path): path is string => path !== undefined && isFile(path) && kindOf(path) !== "program");
  const usual = words.some((word) => /^(?:-f|--file|--makefile)/.test(word)) ? [] : usualTexts(name, folder);
  return [...new Set([...scripts, ...usual])].map((path) => ({ path, folders: [...new Set([folder, dirname(path)])] }));
}

function usualTexts(name: string, folder: string): string[] {
  const names = USUAL.find(([pattern]) => pattern.test(name))?.[1] ?? [];
  const found = names.map((one) => plainJoin(folder, one)).find(isFile);
  return found === undefined ? [] : [found];
}

function push(queue: Text[], seen: Set<string>, path: string, folders: readonly string[]): void {
  if (seen.has(path) || !isFile(path)) return;
  seen.add(path);
  queue.push({ path, folders: [...new Set([...folders, dirname(path)])] });
}

/** Names that stay as people write them: `./tool`. */
function plainJoin(folder: string, name: string): string {
  if (isAbsolute(name)) return name;
  const joined = join(folder, name);
  return joined.startsWith("/") || joined.startsWith("../") ? joined : `./${joined}`;
}

/** What may be names in a text for a shell, make or npm. */
function wordsOf(text: string): string[] {
  return text
    .slice(0, MOST_TEXT)
    .split(/[\s;|&()<>"'`=:,{}$@[\]\\]+/)
    .slice(0, MOST_WORDS);
}

function textOf(path: string): string {
  try {
    const start = readStart(path, MOST_TEXT);
    return start.includes(0) ? "" : start.toString("utf8");
  } catch {
    return "";
  }
}

/** "cosmopolitan" for what begins as its programs do, "program" for other ELF files, "text" for a script. */
function kindOf(path: string): "cosmopolitan" | "program" | "text" | undefined {
  try {
    const start = readStart(path, 16);
    if (apeMagic(start) !== undefined) return "cosmopolitan";
    const text = start.toString("latin1");
    if (text.startsWith("\x7fELF")) return start[ELF_OSABI] === FREEBSD ? "cosmopolitan" : "program";
    return text.startsWith("#!") ? "text" : undefined;
  } catch {
    return undefined; // not to be read
  }
}

/** Or too large to be looked at because of a mere name. */
function isOfSystem(path: string): boolean {
  return /^\/(?:usr|s?bin|lib\w*|nix)\//.test(path) || statSync(path).size > MOST_SIZE;
}

const isCosmopolitan = (path: string): boolean => isFile(path) && kindOf(path) === "cosmopolitan";

/** The first file of each name. */
function programsInPath(): Map<string, string> {
  const found = new Map<string, string>();
  for (const folder of (process.env["PATH"] ?? "").split(":"))
    for (const [name, path] of folder === "" ? [] : namesIn(folder)) if (!found.has(name)) found.set(name, path);
  return found;
}

function namesIn(folder: string): [string, string][] {
  return readdir(folder).map((name) => [name, join(folder, name)]);
}

function readdir(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
