/** Writing a package: a tar.gz or a folder, complete in a private place before it takes its name. */

import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
} from "node:fs";
import { constants, copyFile, type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DiskError, InputError } from "../errors.js";
import { reasonOf, unwritable } from "../files/file-source.js";
import { identityOf, isSameFile } from "../files/identity.js";
import { syncFolder } from "../files/small-file.js";
import {
  type Destination,
  giveName,
  isOfTheSystem,
  openDestination,
  refuseDestination,
  refuseReplaced,
  replaced,
} from "./destination.js";
import type { FileItem, Item } from "./item.js";
import { FIXED_TIME, gzipped, tarOf } from "./tar.js";
import { writeZip } from "./zip.js";

/** The file by which a package is known: its manifest. */
export const MANIFEST = "sandfit-pack.json";

/** Writes items as a tar.gz to a new file. `onBytes` hears how many bytes went in. */
export async function writeTarGz(items: readonly Item[], file: string, onBytes: (count: number) => void): Promise<void> {
  await writeNew(file, async (out) => {
    for await (const chunk of gzipped(counted(tarOf(items), onBytes))) await out.writeFile(chunk);
  });
}

/** Writes files as a zip to a new file, in their order. */
export async function writeZipFile(items: readonly FileItem[], file: string, onBytes: (count: number) => void): Promise<void> {
  await writeNew(file, (out) => writeZip(items, out, onBytes));
}

async function writeNew(file: string, write: (out: FileHandle) => Promise<void>): Promise<void> {
  const out = await open(file, "wx", 0o644);
  try {
    await write(out);
    await out.sync();
  } catch (error) {
    throw error instanceof Error && "syscall" in error
      ? new DiskError(`the package cannot be written: ${reasonOf(error)}`)
      : error;
  } finally {
    await out.close();
  }
}

async function* counted(bytes: AsyncIterable<Uint8Array>, onBytes: (count: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    onBytes(chunk.length);
    yield chunk;
  }
}

/** Writes items below a new folder. Links come last, so that nothing is written through one. */
export async function writeTree(items: readonly Item[], folder: string, onBytes: (count: number) => void): Promise<void> {
  const place = (path: string) => join(folder, path);
  try {
    mkdirSync(folder, { mode: 0o755 });
    // The umask has taken its part away.
    chmodSync(folder, 0o755);
    const firstNames = new Map<unknown, string>();
    for (const item of items) {
      if (item.kind === "folder") mkdirSync(place(item.path), { mode: 0o700 });
      if (item.kind !== "file") continue;
      const first = firstNames.get(item.content);
      if (first !== undefined) {
        linkSync(place(first), place(item.path));
        continue;
      }
      firstNames.set(item.content, item.path);
      await writeFile(item.content.file, place(item.path), item.mode);
      onBytes(item.content.size);
    }
    for (const item of items) if (item.kind === "symlink") symlinkSync(item.target, place(item.path));
    // From the inside out: filling a folder changes its time.
    for (const item of [...items].reverse()) {
      if (item.kind === "folder") chmodSync(place(item.path), item.mode);
      lutimesSync(place(item.path), FIXED_TIME, FIXED_TIME);
    }
    lutimesSync(folder, FIXED_TIME, FIXED_TIME);
  } catch (error) {
    throw error instanceof Error && "syscall" in error
      ? new DiskError(`the package cannot be written: ${reasonOf(error)}`)
      : error;
  }
}

async function writeFile(from: string, to: string, mode: number): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  const file = await open(to, "r+");
  try {
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Opens the place of an output (`write/destination.ts`). Throws InputError where it must not be written: it exists, and nothing says
 * that it may be replaced. A folder is replaced only where it is empty or a package itself.
 */
export function openOutput(output: string, isArchive: boolean, force: boolean): Destination {
  if (!isArchive) refuseFolder(output, force);
  const destination = openDestination(output);
  try {
    if (isArchive) refuseDestination(destination, force);
  } catch (error) {
    destination.close();
    throw error;
  }
  return destination;
}

function refuseFolder(output: string, force: boolean): void {
  const there = lstatSync(output, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isDirectory()) throw new InputError(`${output} exists already and is no folder`);
  if (readdirSync(output).length === 0) return;
  if (!force) throw new InputError(`${output} exists already; name another output with -o, or say --force`);
  if (!isPackage(output)) {
    throw new InputError(`${output} exists and is no package that pack wrote; --force replaces only such folders`);
  }
}

function isPackage(folder: string): boolean {
  const inside = readdirSync(folder, { withFileTypes: true });
  const [only] = inside;
  return (
    existsSync(join(folder, MANIFEST)) ||
    (inside.length === 1 && only!.isDirectory() && existsSync(join(folder, only!.name, MANIFEST)))
  );
}

/**
 * Gives a finished package its name; a folder that is replaced goes to `aside` first. Throws InputError, with everything as it was,
 * where what stands there is not what stood there when the output was opened.
 */
export function commitPackage(finished: string, output: Destination, isArchive: boolean, aside: string): void {
  try {
    if (isArchive) giveName(finished, output);
    else replaceFolder(finished, output, aside);
  } catch (error) {
    throw isOfTheSystem(error) ? unwritable(output.name, error) : error;
  }
  syncFolder(dirname(output.at));
}

function replaceFolder(finished: string, output: Destination, aside: string): void {
  refuseReplaced(output);
  const isThere = lstatSync(output.at, { throwIfNoEntry: false }) !== undefined;
  if (isThere) renameSync(output.at, aside);
  try {
    // A folder that was put there in this last moment is in `aside` by now, and goes back.
    if (isThere && !isSameFile(identityOf(lstatSync(aside, { bigint: true })), output.there!)) throw replaced(output.name);
    renameSync(finished, output.at);
  } catch (error) {
    if (isThere) putBack(aside, output);
    throw error;
  }
}

/** What was there must not go with the workspace that it was put into, whatever has its name by now. */
function putBack(aside: string, { at, name }: Destination): void {
  try {
    renameSync(aside, at);
  } catch {
    const kept = `.replaced-${crypto.randomUUID()}`;
    renameSync(aside, `${at}${kept}`);
    throw new InputError(`${name} was replaced while it was being written; what stood there is ${name}${kept} now`);
  }
}
