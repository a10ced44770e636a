/** Writing a patched file so that the target is either the old one or the whole new one, whatever happens. */

import { chmodSync, closeSync, constants, fstatSync, linkSync, lstatSync, openSync, renameSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { patchedSource } from "../bytes/patched.js";
import type { ByteSource } from "../bytes/source.js";
import { InputError } from "../errors.js";
import { keepsLength, type Patch } from "../fix/apply.js";
import { copyOf } from "./copy.js";
import { type FileSource, kindOf, openFile, reasonOf } from "./file-source.js";
import { changeInPlace } from "./in-place.js";
import { alone } from "./lock.js";
import { patchDescriptor, plainMode } from "./patch.js";
import { realPlace } from "./place.js";
import { privateFolder } from "./private-folder.js";
import { recordOf, removeRecord, saveRecord } from "./record.js";
import { readSmallFile, syncFolder, writeSmallFile } from "./small-file.js";

/** From this size on a file that is to be replaced by itself is changed where it stands, unless it can share its blocks. */
export const LARGE = 64 * 1024 * 1024;

export interface Writing {
  /** Replace a target that exists. Without it an existing target is an error. */
  readonly overwrite: boolean;
  /** Permission bits of the target; those of the source unless told. Set-user-id and its like never. */
  readonly mode?: number;
  /** The way back, kept beside the target (`disk/record.ts`). Without it the target is an original, and has none. */
  readonly record?: string;
  /** Whether the proof has to have the result as a file, which then exists beside the target. */
  readonly provesFile?: boolean;
  /** Looks at the result before it is the target, and throws to leave the target as it was. `path` only with `provesFile`. */
  prove(result: ByteSource, path: string | undefined): Promise<void>;
}

/**
 * Writes `source` with the patches applied to `target`, keeping the source's mode bits (without set-user-id), and its
 * record beside it. A copy is made in a private folder beside the target, patched, proved and renamed. Where the
 * target is a large source itself and copying would take its time, it is changed where it stands.
 * What replaces a file is on the disk before it takes that file's name. A new file is not waited for, as with cp: the source
 * is as it was, so what a power failure takes can be made again.
 * Throws InputError for what the disk refuses and RefusedError where the source is not what the patches expect.
 */
export async function writePatched(
  source: FileSource,
  target: string,
  patches: readonly Patch[],
  writing: Writing,
): Promise<void> {
  try {
    const destination = realPlace(target);
    refuseTarget(target, writing.overwrite);
    const isItself = isSame(source, destination);
    await alone(destination, async () => {
      if (isItself !== isSame(source, destination)) throw new InputError(`${target} was replaced while it was being read`);
      const lasting = lstatSync(destination, { throwIfNoEntry: false }) !== undefined;
      const job = { source, destination, patches, writing, lasting };
      if (!(await replaceByCopy(job, isItself && mayStand(job)))) await change(job);
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && "syscall" in error) throw unwritable(target, error);
    throw error;
  }
}

/** Writes a text where a user wants it, over a file that may be there. Throws InputError. */
export function writeWhole(target: string, text: string): void {
  try {
    refuseTarget(target, true);
    writeSmallFile(realPlace(target), text);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw unwritable(target, error);
  }
}

interface Job {
  readonly source: FileSource;
  readonly destination: string;
  readonly patches: readonly Patch[];
  readonly writing: Writing;
  /** Whether the disk has to remember the result before the command ends. */
  readonly lasting: boolean;
}

/** Throws InputError where a target must not be written: it is no file, standard output, in /proc, or exists and is not to be replaced. */
export function refuseTarget(target: string, overwrite: boolean): void {
  if (target === "") throw new InputError("the name of an output is empty");
  if (target === "-") throw new InputError("- is no name for an output: Sandfit writes files, and ./- is one that is called so");
  // /proc/self/exe is the node that runs Sandfit: what such a name leads to is hardly what is meant.
  if (resolve(target).startsWith("/proc/"))
    throw new InputError(`${target} is no place for an output: /proc leads into processes`);
  const described = statSync(target, { throwIfNoEntry: false });
  if (described === undefined) return;
  if (!described.isFile()) throw new InputError(`${target} is ${kindOf(described)}, not a file`);
  if (!overwrite) throw new InputError(`${target} exists already; name another output with -o, or say --force`);
}

function isSame(source: FileSource, path: string): boolean {
  const [one, other] = [fstatSync(source.descriptor), lstatSync(path, { throwIfNoEntry: false })];
  return one.ino === other?.ino && one.dev === other.dev;
}

/** A small file is copied, since a rename is safer than a repair; and so is one whose other names have to stay as they are. */
function mayStand({ source, patches, writing }: Job): boolean {
  if (writing.provesFile === true || writing.mode !== undefined || !keepsLength(patches)) return false;
  return source.size >= LARGE && fstatSync(source.descriptor).nlink === 1;
}

/** Returns false, with nothing done, where only sharing blocks would do and the file system cannot. */
async function replaceByCopy(job: Job, onlyByShare: boolean): Promise<boolean> {
  const { source, destination, patches, writing, lasting } = job;
  const { folder, remove } = privateFolder(join(dirname(destination), `.${basename(destination).slice(0, 200)}.sandfit-`));
  try {
    // A folder that only its owner may enter: nobody meets the copy before it is whole and has its mode bits.
    const temporary = join(folder, "result");
    if (!(await copyOf(source, temporary, onlyByShare))) return false;
    patchCopy(temporary, patches, writing.mode ?? fstatSync(source.descriptor).mode, lasting);
    await proveFile(temporary, source.name, writing);
    commit(temporary, job);
    if (lasting) syncFolder(dirname(destination));
    return true;
  } finally {
    remove();
  }
}

async function change({ source, destination, patches, writing }: Job): Promise<void> {
  await writing.prove(patchedSource(source, patches), undefined);
  changeInPlace(source, destination, patches, writing.record);
}

async function proveFile(temporary: string, name: string, writing: Writing): Promise<void> {
  const result = openFile(temporary, name);
  try {
    await writing.prove(result, temporary);
  } finally {
    result.close();
  }
}

/** The record first: a file without its way back must not exist, the other way round does no harm. */
function commit(temporary: string, { destination, writing, lasting }: Job): void {
  const former = writing.record === undefined ? undefined : readSmallFile(recordOf(destination));
  if (writing.record !== undefined) saveRecord(destination, writing.record, lasting);
  try {
    giveName(temporary, destination, writing.overwrite);
  } catch (error) {
    if (former !== undefined) saveRecord(destination, former, lasting);
    else if (writing.record !== undefined) removeRecord(destination);
    throw error;
  }
  if (writing.record === undefined) removeRecord(destination);
}

/** Gives a finished file its name. Throws InputError where, without `overwrite`, that name was taken meanwhile. */
export function giveName(temporary: string, destination: string, overwrite: boolean): void {
  if (!overwrite) {
    // Without --force a file that appeared meanwhile must survive; link(2) fails where rename(2) would replace.
    try {
      linkSync(temporary, destination);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") {
        throw new InputError(`${destination} appeared while it was being written`);
      }
      // Some file systems have no hard links.
    }
  }
  renameSync(temporary, destination);
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

/** The sentence for what the disk refused. What is missing can only be the folder: the file itself is made. */
export function unwritable(target: string, error: unknown): InputError {
  const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
  return new InputError(`${target} cannot be written: ${isMissing ? "there is no such folder" : reasonOf(error)}`);
}
