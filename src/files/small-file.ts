/** Small text files, read and written whole or not at all. */

import { closeSync, constants, fstatSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DiskError, InputError } from "../errors.js";
import { kindOf, reasonOf } from "./file-source.js";
import { readFully } from "./read-fully.js";

const MOST_BYTES = 64 * 1024 * 1024;

/** The text of a file; undefined where there is none. Throws InputError for everything that is no file of at most 64 MiB. */
export function readSmallFile(path: string, name = path): string | undefined {
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a fifo must not wait for a writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new DiskError(`${name} cannot be read: ${reasonOf(error)}`);
  }
  try {
    const described = fstatSync(descriptor);
    if (!described.isFile()) throw new InputError(`${name} cannot be read: it is ${kindOf(described)}`);
    if (described.size > MOST_BYTES) throw new InputError(`${name} is too large for a plan`);
    const bytes = Buffer.alloc(described.size);
    return bytes.toString("utf8", 0, readFully(descriptor, bytes, 0));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new DiskError(`${name} cannot be read: ${reasonOf(error)}`);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes a file whole or not at all, in place of whatever has the name; a link there is replaced and not followed, since
 * whoever may write to the folder could have put it there. The disk is made to remember it by default. Throws the system's error.
 */
export function writeSmallFile(path: string, text: string, lasting = true): void {
  const temporary = writeTemporary(path, text, lasting);
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (lasting) syncFolder(dirname(path));
}

/** Writes a text to a new file beside `path`, which waits for that name. Returns its path. Throws the system's error, with nothing left. */
export function writeTemporary(path: string, text: string, lasting = true): string {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 200)}.sandfit-${crypto.randomUUID()}`);
  const descriptor = openSync(temporary, "wx", 0o644);
  try {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
    if (lasting) fsyncSync(descriptor);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  return temporary;
}

/** Has the disk remember which names a folder holds. */
export function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, constants.O_RDONLY);
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch {
    // Some file systems cannot sync a folder; the files themselves are synced.
  }
}
