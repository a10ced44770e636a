/**
 * What an archive holds, as a tree: all its names, and of its files those that can matter to a program (programs, libraries, scripts,
 * lists of libraries). These are put into a private directory, under numbers. The layers of an image make such a tree too: one that
 * comes later adds and removes names.
 */

import { basename, dirname } from "node:path";
import { type FileSource, openFile } from "../../files/file-source.js";
import type { ListedTree, TreeEntry } from "../tree.js";

/** As Linux: path_resolution(7). */
const MOST_LINKS = 40;
/** Parts of a path, links in it followed; Linux has fewer in 4096 bytes. */
const MOST_PARTS = 4096;

interface FileNode {
  readonly kind: "file";
  readonly mode: number | undefined;
  /** Where its bytes are; undefined where they were not kept. */
  readonly place: string | undefined;
  readonly isProgram: boolean;
}

type Node = FileNode | { readonly kind: "symlink"; readonly target: string } | { readonly kind: "folder" };

export class EntryTree implements ListedTree {
  /** By paths without the slash in front. */
  readonly #nodes = new Map<string, Node>();
  readonly #name: string;
  #children: Map<string, string[]> | undefined;

  /** `name` is what the archive is called. */
  constructor(name: string) {
    this.#name = name;
  }

  addFile(path: string, mode: number | undefined, place: string | undefined, isProgram: boolean): void {
    this.#nodes.set(path, { kind: "file", mode, place, isProgram });
  }

  addSymlink(path: string, target: string): void {
    this.#nodes.set(path, { kind: "symlink", target });
  }

  addFolder(path: string): void {
    this.#nodes.set(path, { kind: "folder" });
  }

  /** Another name for a file; nothing where that is not there. */
  addHardLink(path: string, target: string): void {
    const node = this.#nodes.get(target);
    if (node?.kind === "file") this.#nodes.set(path, node);
  }

  /** Files whose bytes were kept, each once; of one with several names the first. */
  *entries(): Generator<TreeEntry> {
    const seen = new Set<Node>();
    for (const [path, node] of this.#nodes) {
      if (node.kind !== "file" || node.place === undefined || seen.has(node)) continue;
      seen.add(node);
      yield { path: `/${path}`, mode: node.mode, isProgram: node.isProgram };
    }
  }

  resolve(path: string): string | undefined {
    const at = this.#follow(path);
    return at !== undefined && this.#nodes.get(at)?.kind === "file" ? `/${at}` : undefined;
  }

  open(path: string): FileSource | undefined {
    const at = this.#follow(path);
    const node = at === undefined ? undefined : this.#nodes.get(at);
    return node?.kind === "file" && node.place !== undefined ? openFile(node.place, at) : undefined;
  }

  list(path: string): readonly string[] {
    const at = this.#follow(path);
    this.#children ??= childrenOf(this.#nodes.keys());
    return at === undefined ? [] : (this.#children.get(at) ?? []);
  }

  nameOf(path: string): string {
    return `${this.#name}!${path}`;
  }

  /** Follows links as the kernel does, the top being the root. The path that it ends at need not exist. */
  #follow(path: string): string | undefined {
    let at = "";
    let links = 0;
    const parts = path.split("/").reverse();
    for (let left = MOST_PARTS; parts.length > 0; left--) {
      if (left === 0) return undefined;
      const part = parts.pop()!;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        at = at.includes("/") ? dirname(at) : "";
        continue;
      }
      const next = at === "" ? part : `${at}/${part}`;
      const node = this.#nodes.get(next);
      if (node?.kind !== "symlink") {
        at = next;
        continue;
      }
      if (++links > MOST_LINKS) return undefined;
      if (node.target.startsWith("/")) at = "";
      parts.push(...node.target.split("/").reverse());
    }
    return at;
  }
}

function childrenOf(paths: Iterable<string>): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const path of paths) {
    const parent = path.includes("/") ? dirname(path) : "";
    const names = children.get(parent);
    if (names === undefined) children.set(parent, [basename(path)]);
    else names.push(basename(path));
  }
  for (const names of children.values()) names.sort();
  return children;
}
