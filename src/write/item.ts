/** What lies at a path of the package that is being made. */

import type { Spooled } from "../input/spool.js";

export type Item = FileItem | FolderItem | LinkItem;

export interface FolderItem {
  readonly kind: "folder";
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
}

export interface LinkItem {
  readonly kind: "symlink";
  readonly path: string;
  readonly target: string;
}

export interface FileItem {
  readonly kind: "file";
  readonly path: string;
  readonly mode: number;
  /** Shared by all names of a file that has several (hard links). */
  readonly content: Spooled;
}

/** In the order in which they are written: by the bytes of their paths as UTF-16, whatever the input's order was. */
export function sorted<T extends { readonly path: string }>(items: Iterable<T>): T[] {
  return [...items].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The folder that a path lies in; "" is the top. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** A path below a folder, "" being the top. */
export function below(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
