/** Entries of the input, one by one, become the items of the package; what does not fit together is refused. */

import { InputError } from "../errors.js";
import type { ArchiveEntry } from "../input/archive/entry.js";
import { quoted } from "../input/archive/names.js";
import type { Spooled } from "../input/spool.js";
import { type FileItem, type Item, parentOf, sorted } from "../write/item.js";
import { resolveLink } from "./links.js";

const FOLDER_MODE = 0o755;
const SET_ID_AND_STICKY = 0o7000;

export interface InventoryOptions {
  /** Take names that differ by case alone, which some file systems cannot hold side by side. */
  readonly allowCaseCollisions: boolean;
}

/** Every method throws InputError for an entry that cannot be taken. */
export class Inventory {
  readonly #options: InventoryOptions;
  readonly #items = new Map<string, Item>();
  /** Folders that only follow from a path; an entry of their own may still come. */
  readonly #implied = new Set<string>();
  readonly #byFoldedName = new Map<string, string>();
  /** What was changed on the way in, one sentence each. */
  readonly notes: string[] = [];

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  /** Takes an entry; `content` is what a file's bytes were put into. */
  add(entry: ArchiveEntry, content: Spooled | undefined): void {
    const { path, kind } = entry;
    this.#placeFor(path, kind === "folder");
    if (kind === "folder") {
      // Its owner has to be able to fill it.
      this.#items.set(path, { kind, path, mode: this.#mode(entry, FOLDER_MODE) | 0o700 });
      this.#implied.delete(path);
    } else if (kind === "symlink") {
      this.#items.set(path, { kind, path, target: linkTarget(entry) });
    } else if (kind === "hardlink") {
      const other = this.#items.get(entry.target!);
      if (other?.kind !== "file") {
        throw new InputError(`entry ${quoted(path)} is a hard link to ${quoted(entry.target!)}, which is no file before it`);
      }
      this.#items.set(path, { ...other, path });
    } else {
      const usual = content!.isProgram || content!.isScript ? 0o755 : 0o644;
      this.#items.set(path, { kind, path, mode: this.#mode(entry, usual) | 0o400, content: content! });
    }
  }

  /** All items in their order, once every entry was taken. Throws InputError for a link that leads out. */
  items(): Item[] {
    for (const item of this.#items.values()) {
      if (item.kind === "symlink") resolveLink(item.path, item.target, (path) => this.#items.get(path));
    }
    return sorted(this.#items.values());
  }

  #mode(entry: ArchiveEntry, usual: number): number {
    if (entry.mode === undefined) return usual;
    if ((entry.mode & SET_ID_AND_STICKY) !== 0 && entry.kind === "file") {
      this.notes.push(`${quoted(entry.path)}: its set-user-id, set-group-id or sticky bit was dropped`);
    }
    return entry.mode & 0o777;
  }

  #placeFor(path: string, isFolder: boolean): void {
    const parent = parentOf(path);
    if (parent !== "") this.#folderFor(parent, path);
    const there = this.#items.get(path);
    if (there === undefined) this.#foldedFor(path);
    else if (!isFolder || there.kind !== "folder") throw new InputError(`entry ${quoted(path)} is in it twice`);
  }

  #folderFor(folder: string, forPath: string): void {
    const there = this.#items.get(folder);
    if (there?.kind === "folder") return;
    if (there !== undefined) {
      const what = there.kind === "symlink" ? "a symbolic link" : "a file";
      throw new InputError(`entry ${quoted(forPath)} lies below ${quoted(folder)}, which is ${what}`);
    }
    const parent = parentOf(folder);
    if (parent !== "") this.#folderFor(parent, forPath);
    this.#foldedFor(folder);
    this.#items.set(folder, { kind: "folder", path: folder, mode: FOLDER_MODE });
    this.#implied.add(folder);
  }

  #foldedFor(path: string): void {
    if (this.#options.allowCaseCollisions) return;
    // As case-insensitive file systems compare: by capital letters, whatever way accents are written.
    const folded = path.normalize("NFC").toUpperCase().toLowerCase();
    const other = this.#byFoldedName.get(folded);
    if (other !== undefined) {
      throw new InputError(
        `entries ${quoted(other)} and ${quoted(path)} differ by case alone, which some file systems cannot hold (--allow-case-collisions takes them)`,
      );
    }
    this.#byFoldedName.set(folded, path);
  }
}

function linkTarget({ path, target }: ArchiveEntry): string {
  if (target === undefined || target === "") throw new InputError(`entry ${quoted(path)} is a link to nothing`);
  if (target.includes("\0")) throw new InputError(`entry ${quoted(path)} is a link to a name with a NUL in it`);
  return target;
}

/** A program or executable script, with all its names. */
export interface ProgramFile {
  readonly content: Spooled;
  readonly names: readonly string[];
  /** Permission bits. */
  readonly mode: number;
}

/** The programs and executable scripts among some items, each content once. */
export function programsOf(items: readonly Item[]): ProgramFile[] {
  const programs = new Map<Spooled, ProgramFile>();
  for (const item of items) {
    if (item.kind !== "file") continue;
    const { content, path, mode } = item;
    if (!content.isProgram && !(content.isScript && (mode & 0o111) !== 0)) continue;
    programs.set(content, { content, mode, names: [...(programs.get(content)?.names ?? []), path] });
  }
  return [...programs.values()];
}

/** The files among some items. */
export function filesOf(items: readonly Item[]): FileItem[] {
  return items.filter((item): item is FileItem => item.kind === "file");
}
