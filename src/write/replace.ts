/** Writing a patched file so that the target is either the old one or the whole new one, whatever happens. */

import { chmodSync, closeSync, constants, fstatSync, openSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { patchedSource } from "../bytes/patched.js";
import type { ByteSource } from "../bytes/source.js";
import { InputError } from "../errors.js";
import { type FileSource, openFile, unwritable } from "../files/file-source.js";
import { hasSameBytes, identityOf, isSameFile, isUnchanged } from "../files/identity.js";
import { alone } from "../files/lock.js";
import { privateFolder } from "../files/private-folder.js";
import { syncFolder, writeTemporary } from "../files/small-file.js";
import { keepsLength, type Patch } from "../fix/apply.js";
import { copyOf } from "./copy.js";
import {
  type Destination,
  giveName,
  isOfTheSystem,
  openDestination,
  refuseDestination,
  refuseReplaced,
  replaced,
} from "./destination.js";
import { changeInPlace } from "./in-place.js";
import { patchDescriptor, plainMode } from "./patch.js";
import { readRecord, removeRecord, saveRecord } from "./record.js";

/** From this size on a file that is to be replaced by itself is changed where it stands, unless it can share its blocks. */
export const LARGE = 64 * 1024 * 1024;

/** How far a writing is. */
export type Step = "locked" | "copied" | "proved" | "recorded";

export interface Writing {
  /** Replace a target that exists. Without it an existing target is an error. */
  readonly overwrite: boolean;
  /** The target has to be the source itself, to the last: nothing else is replaced. */
  readonly itself?: boolean;
  /** Permission bits of the target; those of the source by default. Set-user-id and its like never. */
  readonly mode?: number;
  /** The way back, kept beside the target (`write/record.ts`). Without it the target is an original, and has none. */
  readonly record?: string;
  /** Whether the proof has to have the result as a file, which then exists beside the target. */
  readonly provesFile?: boolean;
  /** Looks at the result before it is the target, and throws to leave the target as it was. `path` only with `provesFile`. */
  prove(result: ByteSource, path: string | undefined): Promise<void>;
  /** Hears of each step when it is done: tests swap files there. */
  reached?(step: Step): void;
}

/**
 * Writes `source` with the patches applied to `target`, keeping the source's mode bits (without set-user-id), and its
 * record beside it. A copy is made in a private folder beside the target, patched, proved and renamed. Where the
 * target is a large source itself and copying would take its time, it is changed where it stands.
 * What replaces a file is on the disk before it takes that file's name. A new file is not waited for, as with cp: the source
 * is as it was, so what a power failure takes can be made again.
 * A destination that was opened earlier stays open; what has been put there since is left alone (`write/destination.ts`).
 * Throws InputError for what the disk refuses and RefusedError where the source is not what the patches expect.
 */
export async function writePatched(
  source: FileSource,
  target: string | Destination,
  patches: readonly Patch[],
  writing: Writing,
): Promise<void> {
  const destination = typeof target === "string" ? openDestination(target) : target;
  try {
    refuseDestination(destination, writing.overwrite);
    if (writing.itself === true) refuseOther(destination, source);
    const { there } = destination;
    const isItself = there !== undefined && isSameFile(there, source.opened);
    await alone(destination.path, async () => {
      writing.reached?.("locked");
      refuseReplaced(destination, !isItself);
      const job = { source, destination, patches, writing, isItself, lasting: there !== undefined };
      if (!(await replaceByCopy(job, isItself && mayStand(job)))) await change(job);
    });
  } catch (error) {
    throw isOfTheSystem(error) ? unwritable(destination.name, error) : error;
  } finally {
    if (destination !== target) destination.close();
  }
}

/** The sentence for a source that was written to since it was opened; undefined where it was not. */
export function changeOf({ name, descriptor, opened }: FileSource): InputError | undefined {
  const now = identityOf(fstatSync(descriptor, { bigint: true }));
  return hasSameBytes(now, opened) ? undefined : new InputError(`${name} changed while it was being read`);
}

/** Throws InputError unless what stands at the destination is the file that was opened, as it was then. */
export function refuseOther({ name, there }: Destination, source: FileSource): void {
  if (there === undefined || !isUnchanged(there, source.opened)) throw replaced(name);
}

/**
 * Writes a text where a user wants it, over a file that may be there, but over none that has come since the destination was
 * opened. Throws InputError.
 */
export function writeWhole(target: string | Destination, text: string): void {
  const destination = typeof target === "string" ? openDestination(target) : target;
  try {
    refuseDestination(destination, true);
    const temporary = writeTemporary(destination.at, text);
    try {
      giveName(temporary, destination);
    } finally {
      rmSync(temporary, { force: true });
    }
    syncFolder(dirname(destination.at));
  } catch (error) {
    throw isOfTheSystem(error) ? unwritable(destination.name, error) : error;
  } finally {
    if (destination !== target) destination.close();
  }
}

interface Job {
  readonly source: FileSource;
  readonly destination: Destination;
  readonly patches: readonly Patch[];
  readonly writing: Writing;
  /** Whether the destination is the file that is read. */
  readonly isItself: boolean;
  /** Whether the disk has to remember the result before the command ends. */
  readonly lasting: boolean;
}

/** A small file is copied, since a rename is safer than a repair; and so is one whose other names have to stay as they are. */
function mayStand({ source, patches, writing }: Job): boolean {
  if (writing.provesFile === true || writing.mode !== undefined || !keepsLength(patches)) return false;
  return source.size >= LARGE && fstatSync(source.descriptor).nlink === 1;
}

/** Returns false, with nothing done, where only sharing blocks would do and the file system cannot. */
async function replaceByCopy(job: Job, onlyByShare: boolean): Promise<boolean> {
  const { source, destination, patches, writing, lasting } = job;
  const name = `.${basename(destination.path).slice(0, 200)}.sandfit-`;
  const { folder, remove } = privateFolder(join(dirname(destination.at), name));
  try {
    // A folder that only its owner may enter: nobody meets the copy before it is whole and has its mode bits.
    const temporary = join(folder, "result");
    if (!(await copyOf(source, temporary, onlyByShare))) return false;
    const changed = changeOf(source);
    if (changed !== undefined) throw changed;
    patchCopy(temporary, patches, writing.mode ?? fstatSync(source.descriptor).mode, lasting);
    writing.reached?.("copied");
    await proveFile(temporary, join(dirname(destination.path), basename(folder), "result"), source.name, writing);
    commit(temporary, job);
    if (lasting) syncFolder(dirname(destination.at));
    return true;
  } finally {
    remove();
  }
}

async function change({ source, destination, patches, writing }: Job): Promise<void> {
  await writing.prove(patchedSource(source, patches), undefined);
  writing.reached?.("proved");
  refuseReplaced(destination, false);
  changeInPlace(source, destination.at, patches, writing.record);
}

/** `path` is where others than this process find it. */
async function proveFile(temporary: string, path: string, name: string, writing: Writing): Promise<void> {
  const result = openFile(temporary, name);
  try {
    await writing.prove(result, path);
    writing.reached?.("proved");
  } finally {
    result.close();
  }
}

/** The record first: a file without its way back must not exist, the other way round does no harm. */
function commit(temporary: string, { destination, writing, isItself, lasting }: Job): void {
  const { at, name } = destination;
  refuseReplaced(destination, !isItself);
  const former = writing.record === undefined ? undefined : readRecord(at, name);
  if (writing.record !== undefined) saveRecord(at, writing.record, lasting);
  try {
    writing.reached?.("recorded");
    giveName(temporary, destination, isItself);
  } catch (error) {
    if (former !== undefined) saveRecord(at, former, lasting);
    else if (writing.record !== undefined) removeRecord(at);
    throw error;
  }
  if (writing.record === undefined) removeRecord(at);
}

function patchCopy(path: string, patches: readonly Patch[], mode: number, lasting: boolean): void {
  // A shared copy has the source's mode, which may forbid writing.
  chmodSync(path, 0o600);
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    plainMode(descriptor, mode);
    patchDescriptor(descriptor, patches, lasting);
  } finally {
    closeSync(descriptor);
  }
}
