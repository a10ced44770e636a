/**
 * Where a result goes, found out once. Between then and the moment when the result takes its name lie seconds of analysis, in
 * which others may put another file, or another symlink, in that place. Everything is done through the directory that was opened
 * here, so that a symlink swapped on the way leads nowhere else, and what has the name in it is looked at again last.
 *
 * One window remains: between that last look and rename(2), microseconds, in which a file put there would be replaced.
 * Only that name in that directory, since rename(2) follows no symlink. (RENAME_EXCHANGE, which would close it, is out of Node's reach.)
 */

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { InputError } from "../errors.js";
import { kindOf, unwritable } from "../files/file-source.js";
import { type Identity, identityOf, isSameFile, isUnchanged } from "../files/identity.js";
import { realPlace } from "../files/place.js";

export interface Destination {
  /** As the user called it. */
  readonly name: string;
  /** The path without symlinks, for others than this process. */
  readonly path: string;
  /** A path through the directory that was opened: it leads there whatever happens to the names on the way. */
  readonly at: string;
  /** What stood there; undefined where nothing did. */
  readonly there: Identity | undefined;
  /** What that is, in words, where it is no file. */
  readonly otherKind: string | undefined;
  /** The directory that it lies in. */
  readonly folder: Identity;
  close(): void;
}

/** O_PATH (open(2)), which Node does not name: a directory that may be written but not read can be opened so. */
const O_PATH = 0o10000000;

/**
 * Finds out where a name leads, symlinks followed, and what stands there. Throws InputError for what is no name of an output, and
 * where there is no way to it.
 */
export function openDestination(name: string): Destination {
  refuseName(name);
  try {
    return found(name);
  } catch (error) {
    throw isOfTheSystem(error) ? unwritable(name, error) : error;
  }
}

function found(name: string): Destination {
  const path = realPlace(name);
  const opened = openFolder(dirname(path));
  try {
    const at = join(opened.at, basename(path));
    const described = lstatSync(at, { bigint: true, throwIfNoEntry: false });
    // It was followed a moment ago.
    if (described?.isSymbolicLink()) throw replaced(name);
    return {
      name,
      path: join(opened.path, basename(path)),
      at,
      there: described && identityOf(described),
      otherKind: described === undefined || described.isFile() ? undefined : kindOf(described),
      folder: opened.identity,
      close: opened.close,
    };
  } catch (error) {
    opened.close();
    throw error;
  }
}

function refuseName(name: string): void {
  if (name === "") throw new InputError("the name of an output is empty");
  if (name === "-") throw new InputError("cannot write the result to standard output; use ./- for a file named '-'");
  if (/(^|\/)\.{0,2}$/.test(name)) throw new InputError(`${name} is a folder, not a file`);
  // /proc/self/exe is the node that runs Sandfit: what such a name leads to is hardly what is meant.
  if (resolve(name).startsWith("/proc/")) throw new InputError(`${name} is no place for an output: /proc leads into processes`);
}

function openFolder(folder: string): { at: string; path: string; identity: Identity; close(): void } {
  if (process.platform === "linux") {
    const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | O_PATH);
    const at = `/proc/self/fd/${descriptor}`;
    if (existsSync(at)) {
      const identity = identityOf(fstatSync(descriptor, { bigint: true }));
      return { at, path: readlinkSync(at), identity, close: () => closeSync(descriptor) };
    }
    closeSync(descriptor);
  }
  // Elsewhere, and without /proc, only the last look guards against a directory that is swapped.
  const path = realpathSync(folder);
  return { at: path, path, identity: identityOf(statSync(path, { bigint: true })), close: () => {} };
}

/** Throws InputError where what stands there must not be written over: it is no file, or is not to be replaced. */
export function refuseDestination({ name, there, otherKind }: Destination, overwrite: boolean): void {
  if (there === undefined) return;
  if (otherKind !== undefined) throw new InputError(`${name} is ${otherKind}, not a file`);
  if (!overwrite) throw new InputError(`${name} exists already; name another output with -o, or say --force`);
}

/**
 * Throws InputError unless the name still leads there, and what stands there is what stood there when it was opened, untouched, or,
 * where that may be, nothing any more.
 */
export function refuseReplaced(destination: Destination, mayBeGone = true): void {
  const { name, at, there } = destination;
  if (!stillLeadsThere(destination)) throw replaced(name);
  const now = lstatSync(at, { bigint: true, throwIfNoEntry: false });
  if (now === undefined) {
    if (there !== undefined && !mayBeGone) throw new InputError(`${name} was removed while it was being read`);
    return;
  }
  if (there === undefined) throw new InputError(`${name} appeared while it was being written`);
  if (!isSameFile(identityOf(now), there)) throw replaced(name);
  if (!isUnchanged(identityOf(now), there)) throw new InputError(`${name} changed while it was being read`);
}

function stillLeadsThere({ name, path, folder }: Destination): boolean {
  try {
    const now = realPlace(name);
    const same = [dirname(now), dirname(path)].every((one) => isSameFile(identityOf(statSync(one, { bigint: true })), folder));
    return same && basename(now) === basename(path);
  } catch {
    return false;
  }
}

/** The sentence for a file, or a directory on the way to it, that is another by now. */
export function replaced(name: string): InputError {
  return new InputError(`${name} was replaced while it was being read`);
}

/**
 * Gives a finished file its name, after a last look at what has it. Throws InputError, with everything as it was, where that is not
 * what had it at first. `isItself`: the destination is the file that was read, and has to be there still.
 */
export function giveName(temporary: string, destination: Destination, isItself = false): void {
  refuseReplaced(destination, !isItself);
  if (lstatSync(destination.at, { throwIfNoEntry: false }) === undefined) {
    // What appears in this moment must survive; link(2) fails where rename(2) would replace.
    try {
      linkSync(temporary, destination.at);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST")
        throw new InputError(`${destination.name} appeared while it was being written`);
      // Some file systems have no hard links.
    }
  }
  renameSync(temporary, destination.at);
}

/** Whether the system said so, and not Sandfit. */
export function isOfTheSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}
