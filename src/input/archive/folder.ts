/** Entries of a folder on the disk, as if it were an archive. Links are never followed. */

import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { constants, open } from "node:fs/promises";
import { InputError } from "../../errors.js";
import { kindOf, reasonOf } from "../../files/file-source.js";
import { type ArchiveEntry, noContent } from "./entry.js";
import { decodeName, quoted, safePath } from "./names.js";

const CHUNK = 1 << 20;
const SLASH = Buffer.from("/");

/** The entries below a folder, sorted. Throws InputError for what is no file, folder or link, and for what cannot be read. */
export async function* readFolder(top: string): AsyncGenerator<ArchiveEntry> {
  const firstNames = new Map<string, string>();
  for (const { path, place, stats } of walk(Buffer.from(top), "")) {
    const base = { path, mode: stats.mode & 0o7777, target: undefined, content: noContent };
    if (stats.isDirectory()) yield { ...base, kind: "folder" };
    else if (stats.isSymbolicLink()) {
      yield { ...base, kind: "symlink", target: decodeName(readlinkSync(place, { encoding: "buffer" })) };
    } else if (!stats.isFile()) {
      throw new InputError(`entry ${quoted(path)} is ${kindOf(stats)}; only files, folders and links are packed`);
    } else {
      const identity = `${stats.dev}:${stats.ino}`;
      const first = stats.nlink > 1 ? firstNames.get(identity) : undefined;
      if (first !== undefined) yield { ...base, kind: "hardlink", target: first };
      else {
        firstNames.set(identity, path);
        yield { ...base, kind: "file", content: () => contentOf(place, path) };
      }
    }
  }
}

/** Bytes of all files below a folder, for a progress bar. */
export function sizeOfFolder(top: string): number {
  let size = 0;
  for (const { stats } of walk(Buffer.from(top), "")) if (stats.isFile()) size += stats.size;
  return size;
}

interface Place {
  readonly path: string;
  /** Bytes, since a name need not be text. */
  readonly place: Buffer;
  readonly stats: Stats;
}

function* walk(folder: Buffer, above: string): Generator<Place> {
  let names: Buffer[];
  try {
    names = readdirSync(folder, { encoding: "buffer" }).sort(Buffer.compare);
  } catch (error) {
    throw new InputError(`${above === "" ? "it" : quoted(above)} cannot be read: ${reasonOf(error)}`);
  }
  for (const name of names) {
    const path = safePath(`${above}${above === "" ? "" : "/"}${decodeName(name)}`);
    const place = Buffer.concat([folder, SLASH, name]);
    const stats = lstatSync(place);
    yield { path, place, stats };
    if (stats.isDirectory()) yield* walk(place, path);
  }
}

async function* contentOf(place: Buffer, path: string): AsyncGenerator<Uint8Array> {
  try {
    // Neither a link nor a fifo that took the file's place meanwhile is opened.
    const file = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new InputError(`entry ${quoted(path)} is no longer a file`);
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK);
        if (bytesRead === 0) break;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof InputError ? error : new InputError(`${quoted(path)} cannot be read: ${reasonOf(error)}`);
  }
}
