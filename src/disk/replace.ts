/** Writing a patched copy of a file so that the target is either the old one or the whole new one, whatever happens. */

import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../errors.js";
import { type Patch, refuseUnexpected } from "../fix/apply.js";
import { copyFile } from "./copy.js";
import { kindOf, reasonOf } from "./file-source.js";

export interface WriteOptions {
  /** Replace a target that exists. Without it an existing target is an error. */
  readonly overwrite: boolean;
}

/**
 * Writes `source` with the patches applied to `target`, keeping the source's mode bits (without set-user-id). The copy
 * is made beside the target (sharing blocks where the file system can), patched, synced and then renamed over it.
 * Calls `prove` with the finished copy before it becomes the target; if that throws, the target is left as it was.
 * Throws InputError for what the disk refuses and RefusedError where the source is not what the patches expect.
 */
export async function writePatched(
  source: string,
  target: string,
  patches: readonly Patch[],
  options: WriteOptions,
  prove: (temporary: string) => Promise<void>,
): Promise<void> {
  const destination = resolveTarget(target, options.overwrite);
  const temporary = join(
    dirname(destination),
    `.${basename(destination).slice(0, 200)}.sandfit-${randomBytes(6).toString("hex")}`,
  );
  const forget = removeOnSignal(temporary);
  try {
    await copyFile(source, temporary);
    chmodSync(temporary, 0o600);
    patchFile(temporary, patches, statSync(source).mode & 0o777);
    await prove(temporary);
    commit(temporary, destination, options.overwrite);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (error instanceof Error && "code" in error && "syscall" in error) {
      throw unwritable(target, error);
    }
    throw error;
  } finally {
    forget();
  }
  syncFolder(dirname(destination));
}

/** Follows symbolic links, so that a link stays a link; refuses what is not a regular file or must not be replaced. */
function resolveTarget(target: string, overwrite: boolean): string {
  let link: ReturnType<typeof lstatSync>;
  try {
    link = lstatSync(target);
  } catch {
    return target;
  }
  if (!overwrite) throw new InputError(`${target} exists already; name another output with -o, or say --force`);
  const described = statSync(target, { throwIfNoEntry: false });
  if (described === undefined) throw new InputError(`${target} is a link to nothing`);
  if (!described.isFile()) throw new InputError(`${target} is ${kindOf(described)}, not a file`);
  return link.isSymbolicLink() ? realpathSync(target) : target;
}

function commit(temporary: string, destination: string, overwrite: boolean): void {
  if (!overwrite) {
    // Without --force a file that appeared meanwhile must survive; link(2) fails where rename(2) would replace.
    try {
      linkSync(temporary, destination);
      rmSync(temporary);
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

/** The sentence for what the disk refused. What is missing can only be the folder: the file itself is made. */
function unwritable(target: string, error: unknown): InputError {
  const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
  return new InputError(`${target} cannot be written: ${isMissing ? "there is no such folder" : reasonOf(error)}`);
}

function patchFile(path: string, patches: readonly Patch[], mode: number): void {
  const descriptor = openSync(path, "r+");
  try {
    for (const patch of patches) {
      const found = Buffer.alloc(patch.expected.length);
      const count = readSync(descriptor, found, 0, found.length, patch.fileOffset);
      refuseUnexpected(patch, found.subarray(0, count));
    }
    for (const patch of patches) {
      let done = 0;
      while (done < patch.replacement.length) {
        done += writeSync(descriptor, patch.replacement, done, patch.replacement.length - done, patch.fileOffset + done);
      }
    }
    fchmodSync(descriptor, mode);
    fsyncSync(descriptor);
    if (!fstatSync(descriptor).isFile()) throw new InputError(`${path} was replaced while it was being written`);
  } finally {
    closeSync(descriptor);
  }
}

function syncFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, constants.O_RDONLY);
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch {
    // Some file systems cannot sync a folder; the file itself is synced.
  }
}

/** A temporary file goes too when the process is told to end. Returns the way to forget about it. */
function removeOnSignal(path: string): () => void {
  const remove = (signal: NodeJS.Signals) => {
    rmSync(path, { force: true });
    process.kill(process.pid, signal);
  };
  const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.once(signal, remove);
  return () => {
    for (const signal of signals) process.removeListener(signal, remove);
  };
}

/** Writes a small file whole or not at all, over one that may be there. Throws InputError. */
export function writeWhole(target: string, text: string): void {
  const destination = resolveTarget(target, true);
  const temporary = join(
    dirname(destination),
    `.${basename(destination).slice(0, 200)}.sandfit-${randomBytes(6).toString("hex")}`,
  );
  try {
    const descriptor = openSync(temporary, "wx", 0o644);
    try {
      const bytes = Buffer.from(text);
      let done = 0;
      while (done < bytes.length) done += writeSync(descriptor, bytes, done);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, destination);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unwritable(target, error);
  }
}
