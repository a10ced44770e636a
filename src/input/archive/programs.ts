/** The programs in an archive or folder, one after the other, each as a source that can be read by position. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { DiskError, InputError } from "../../errors.js";
import type { FileSource } from "../../files/file-source.js";
import { temporaryFolder } from "../../files/private-folder.js";
import type { Surroundings } from "../../rules/surroundings.js";
import { isProgramStart, isScriptStart, type NotLookedInto } from "../programs.js";
import { peek, spool } from "../spool.js";
import { surroundingsIn } from "../surroundings.js";
import type { ArchiveEntry } from "./entry.js";
import { defaultLimits, type Limits, Meter } from "./limits.js";
import { type Archive, openArchive } from "./open.js";
import { ARCHIVE_START_LENGTH, isReadable, recognise, unreadKind } from "./recognise.js";
import { EntryTree } from "./tree.js";

export interface ProgramInside {
  /** Path inside the archive or folder; of a program in an archive inside that, `inner.tar!/bin/lua`. */
  readonly name: string;
  /** Its bytes; to be used before the next program is asked for. */
  readonly source: FileSource;
  /** Its mode, and what it loads of the same archive. */
  readonly surroundings: Surroundings;
}

/** One call: what it is about, and what all levels share. */
interface Search {
  readonly limits: Limits;
  readonly meter: Meter;
  /** A private directory. */
  readonly place: string;
  readonly notLookedInto: (archive: NotLookedInto) => void;
  /** Numbers for files in that directory. */
  next: number;
}

/**
 * Every ELF program or library, APE and executable script in a tar, tar.gz, zip or folder, in the order that they are
 * stored in; those of archives inside (layers of an image, wheels) come first, one level deep, and `notLookedInto` hears of all
 * other archives. Programs are put into a private temporary folder, under numbers, and removed again. Throws InputError as
 * `openArchive` does, after the programs in front of the damage.
 */
export async function* programsIn(
  path: string,
  notLookedInto: (archive: NotLookedInto) => void = () => {},
  limits: Limits = defaultLimits,
): AsyncGenerator<ProgramInside> {
  const meter = new Meter(limits);
  const archive = openArchive(path, limits, { withoutSpecial: true, meter });
  const workspace = temporaryFolder("archive");
  try {
    yield* programsOf(archive, "", { limits, meter, place: workspace.folder, notLookedInto, next: 0 });
  } finally {
    workspace.remove();
    archive.close();
  }
}

/** `above` is what stands in front of every name: "" for the outermost archive. */
async function* programsOf(archive: Archive, above: string, search: Search): AsyncGenerator<ProgramInside> {
  const tree = new EntryTree(archive.name);
  const kept: string[] = [];
  let damage: InputError | undefined;
  try {
    try {
      for await (const entry of archive.entries()) {
        if (entry.kind === "folder") tree.addFolder(entry.path);
        else if (entry.kind === "symlink") tree.addSymlink(entry.path, entry.target ?? "");
        else if (entry.kind === "hardlink") tree.addHardLink(entry.path, entry.target ?? "");
        else yield* takeFile(entry, tree, kept, `${archive.name}!/`, above, search);
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      damage = error;
    }
    for (const entry of tree.entries()) {
      const source = entry.isProgram ? tree.open(entry.path) : undefined;
      if (source === undefined) continue;
      const name = `${above}${entry.path.slice(1)}`;
      try {
        yield { name, source: { ...source, name }, surroundings: surroundingsIn(tree, entry) };
      } finally {
        source.close();
      }
    }
    if (damage !== undefined) throw damage;
  } finally {
    for (const file of kept) rmSync(file, { force: true });
  }
}

/** Lists that say where libraries are (input/libraries.ts, input/opened-at-start.ts). */
const LISTS = /(^|\/)(ld\.so\.conf|ld\.so\.conf\.d\/[^/]+|dependentlibs\.list)$/;

/** Keeps the bytes of a file that matters, and gives the programs of an archive. */
async function* takeFile(
  { path, mode, content }: ArchiveEntry,
  tree: EntryTree,
  kept: string[],
  names: string,
  above: string,
  search: Search,
): AsyncGenerator<ProgramInside> {
  const { start, whole, leave } = await peek(content(), ARCHIVE_START_LENGTH);
  const isProgram = isProgramStart(start) || (isScriptStart(start) && ((mode ?? 0o755) & 0o111) !== 0);
  const isInner = !isProgram && isReadable(recognise(start));
  const canEnter = isInner && above === "";
  const place = join(search.place, String(search.next++));
  if (isProgram || canEnter || LISTS.test(path)) await spool(whole, place);
  else await leave();
  if (isProgram || LISTS.test(path)) {
    kept.push(place);
    tree.addFile(path, mode, place, isProgram);
    return;
  }
  tree.addFile(path, mode, undefined, false);
  if (!canEnter) {
    const reason = isInner ? "it lies in an archive in an archive" : unreadKind(start);
    if (reason !== undefined) search.notLookedInto({ name: `${names}${path}`, reason });
    return;
  }
  try {
    yield* programsInside(place, path, names, search);
  } finally {
    rmSync(place, { force: true });
  }
}

/** The programs of an archive inside. What is wrong with it does not end the search in the outer one. */
async function* programsInside(place: string, path: string, names: string, search: Search): AsyncGenerator<ProgramInside> {
  const { limits, meter, notLookedInto } = search;
  const name = `${names}${path}`;
  try {
    const inner = openArchive(place, limits, { name, withoutSpecial: true, meter, isInside: true });
    try {
      yield* programsOf(inner, `${path}!/`, search);
    } finally {
      inner.close();
    }
  } catch (error) {
    if (!(error instanceof InputError) || error instanceof DiskError) throw error;
    notLookedInto({ name, reason: error.message.replace(`${name}: `, "") });
  }
}
