/** A file as a source of bytes: opened once, read by position, never loaded whole. */

import { closeSync, constants, existsSync, fstatSync, openSync, type Stats, type StatsBase, statSync } from "node:fs";
import type { ByteSource } from "../bytes/source.js";
import { DiskError, InputError } from "../errors.js";
import { type Identity, identityOf } from "./identity.js";
import { readFully } from "./read-fully.js";

export interface FileSource extends ByteSource {
  /** Where it was opened; something else may have the name since. */
  readonly path: string;
  /** The open file itself. */
  readonly descriptor: number;
  /** What the file was when it was opened. */
  readonly opened: Identity;
  close(): void;
}

/**
 * Opens a regular file for reading. Throws InputError with one sentence for everything else: a folder, a device, a
 * fifo, a missing file, no permission. A fifo is never opened, since that would wait for a writer.
 */
export function openFile(path: string, name = path): FileSource {
  const described = statOf(path, name);
  if (!described.isFile()) throw new InputError(`${name} is ${kindOf(described)}, not a file`);
  let descriptor: number;
  try {
    // O_NONBLOCK, in case the path became a fifo since.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new DiskError(`${name} cannot be opened: ${reasonOf(error)}`);
  }
  const opened = fstatSync(descriptor, { bigint: true });
  if (!opened.isFile()) {
    closeSync(descriptor);
    throw new InputError(`${name} is ${kindOf(opened)}, not a file`);
  }
  const size = Number(opened.size);
  return {
    name,
    path,
    descriptor,
    opened: identityOf(opened),
    size,
    read: async (offset, length) =>
      readAt(descriptor, offset, new Uint8Array(Math.max(0, Math.min(length, size - offset))), name),
    readInto: async (into, offset) =>
      readAt(descriptor, offset, into.subarray(0, Math.max(0, Math.min(into.length, size - offset))), name),
    inflateRaw: async (bytes, limit) => (await import("./inflate.js")).inflateRaw(bytes, limit),
    close: () => closeSync(descriptor),
  };
}

/** A path for the open file itself, whatever has its name by now; the name where there is no /proc. */
export function pathOf(source: FileSource): string {
  const path = `/proc/self/fd/${source.descriptor}`;
  return existsSync(path) ? path : source.path;
}

/** Fills the buffer, as far as the file goes. */
function readAt(descriptor: number, offset: number, buffer: Uint8Array, name: string): Uint8Array {
  try {
    return buffer.subarray(0, readFully(descriptor, buffer, offset));
  } catch (error) {
    throw new DiskError(`${name} cannot be read: ${reasonOf(error)}`, offset);
  }
}

function statOf(path: string, name: string): Stats {
  if (name === "") throw new InputError("the name of a file is empty");
  try {
    return statSync(path);
  } catch (error) {
    throw new DiskError(`${name} cannot be opened: ${reasonOf(error)}${isGarbled(path) ? GARBLED : ""}`);
  }
}

const GARBLED = ", since its name is not UTF-8, and Node cannot say it; a link to it with another name can be opened";

/** Node gives names that are not UTF-8 with U+FFFD in them, by which nothing can be opened. */
export function isGarbled(path: string): boolean {
  return path.includes("\ufffd");
}

/** What a path is, in words. */
export function kindOf(stats: StatsBase<number> | StatsBase<bigint>): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a fifo";
  if (stats.isSocket()) return "a socket";
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return "a device";
  return "no regular file";
}

const reasons: Record<string, string> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOTDIR: "a part of its path is no folder",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "its name is too long",
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
  EISDIR: "it is a folder",
  EBUSY: "something else uses it, such as a mount",
  EMFILE: "too many open files",
  EIO: "the disk reports an error",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  ETXTBSY: "it is being executed",
};

/** The reason of a system error in words; its code where there are none. */
export function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : reasons[code]) ?? code ?? String(error);
}

/** The sentence for what the disk refused. What is missing can only be the folder: the file itself is made. */
export function unwritable(target: string, error: unknown): DiskError {
  const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
  return new DiskError(`${target} cannot be written: ${isMissing ? "there is no such folder" : reasonOf(error)}`);
}
