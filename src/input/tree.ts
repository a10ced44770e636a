/** A tree of files in which programs, their interpreters and their libraries are looked up: this machine's own, or what an archive holds. */

import { readdirSync, realpathSync } from "node:fs";
import type { ByteSource } from "../bytes/source.js";
import { InputError } from "../errors.js";
import { openFile } from "../files/file-source.js";
import { isFile } from "../files/place.js";

/** An open file of a tree. */
export interface TreeFile extends ByteSource {
  close(): void;
}

/**
 * Where paths lead. All paths are absolute, "/" being the tree's top, which nothing leads out of. What is asked for need not be there:
 * nothing here throws.
 */
export interface FileTree {
  /** The path of the file that a path leads to, without symlinks; undefined where it leads to none. */
  resolve(path: string): string | undefined;
  /** Opens that file; undefined where there is none, or it cannot be read. */
  open(path: string): TreeFile | undefined;
  /** The names in a directory, sorted; none where there is no such directory. */
  list(path: string): readonly string[];
  /** What reports call the file at a path. */
  nameOf(path: string): string;
}

/** A tree that also tells all that it holds. */
export interface ListedTree extends FileTree {
  /** Its files that were kept, in the order in which they are stored. */
  entries(): Iterable<TreeEntry>;
}

/** A file of a tree. */
export interface TreeEntry {
  readonly path: string;
  /** Permission bits; undefined where they are not known. */
  readonly mode: number | undefined;
  /** Whether it begins as a program does, or is a script that may be executed. */
  readonly isProgram: boolean;
}

/** The tree of this machine, from its root on. */
export const machineTree: FileTree = {
  resolve: (path) => (isFile(path) ? withoutLinks(path) : undefined),
  open: (path) => {
    try {
      return openFile(path);
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  },
  list: (path) => {
    try {
      return readdirSync(path).sort();
    } catch {
      return [];
    }
  },
  nameOf: (path) => path,
};

function withoutLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** What is read of a file; undefined where it cannot be. */
export async function withFile<Result>(
  tree: FileTree,
  path: string,
  what: (source: ByteSource) => Promise<Result>,
): Promise<Result | undefined> {
  const source = tree.open(path);
  if (source === undefined) return undefined;
  try {
    return await what(source);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  } finally {
    source.close();
  }
}

/** The text of a file, as latin1; undefined where it cannot be read or has more than `most` bytes. */
export function textOf(tree: FileTree, path: string, most: number): Promise<string | undefined> {
  return withFile(tree, path, async (source) => {
    if (source.size > most) return undefined;
    const { buffer, byteOffset, length } = await source.read(0, source.size);
    return Buffer.from(buffer, byteOffset, length).toString("latin1");
  });
}
