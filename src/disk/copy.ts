/** Copying a file: blocks shared where the file system can, holes kept, and interruptible. */

import { constants, copyFileSync, fstatSync, promises, type Stats } from "node:fs";
import { InputError } from "../errors.js";
import { STORED_UNIT } from "./block-count.js";
import { copySparse } from "./copy-sparse.js";
import { type FileSource, pathOf } from "./file-source.js";

/**
 * Less is copied before a signal could matter, and by one call: Node takes longer to load what copies beside the program's other work,
 * and to make an error of what a file system cannot do.
 */
const LARGE = 32 << 20;

/**
 * Copies `source` to `target`, which must not exist: by sharing blocks where the file system can. With `onlyByShare` it returns false,
 * and nothing is done, where that cannot be. Throws the system's error, and InputError where the source changes.
 */
export async function copyOf(source: FileSource, target: string, onlyByShare: boolean): Promise<boolean> {
  if ((onlyByShare || source.size >= LARGE || hasHoles(fstatSync(source.descriptor))) && shareBlocks(source, target)) return true;
  if (onlyByShare) return false;
  await copyFile(source, target);
  return true;
}

const hasHoles = ({ blocks, size }: Stats): boolean => blocks * STORED_UNIT < size;

/**
 * Makes `target` share the blocks of `source`, in no time whatever the size; returns whether the file system can.
 * `target` must not exist.
 */
function shareBlocks(source: FileSource, target: string): boolean {
  try {
    copyFileSync(pathOf(source), target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    // Most file systems cannot; what else is wrong shows when the bytes are copied.
    return false;
  }
}

/**
 * Copies `source` to `target`, which must not exist: within the kernel where the file is dense (a small one with its blocks shared if it
 * can be), and with zeros made holes where it has holes. Signals get through meanwhile. Throws the system's error, and InputError where
 * the source changes.
 */
export async function copyFile(source: FileSource, target: string): Promise<void> {
  const before = fstatSync(source.descriptor);
  if (hasHoles(before)) await copySparse(source, target);
  else if (before.size < LARGE) copyFileSync(pathOf(source), target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  else await promises.copyFile(pathOf(source), target, constants.COPYFILE_EXCL);
  const after = fstatSync(source.descriptor);
  if (after.size !== source.size || after.mtimeMs !== before.mtimeMs) {
    throw new InputError(`${source.name} changed while it was being read`);
  }
}
