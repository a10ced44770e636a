/** Where in a package its own files go: the environment script, the manifest, the sums. */

import { below, type Item, parentOf } from "../write/item.js";

export const SUMS = "SHA256SUMS";
export const ENV = "env.sh";

/** The folder that everything lies in, where there is one ("gvisor" of gvisor/bin/lua); else "", the top. */
export function commonFolder(items: readonly Item[]): string {
  const tops = new Set(items.map((item) => item.path.split("/")[0]!));
  const [top] = tops;
  if (tops.size !== 1 || top === undefined) return "";
  return items.some((item) => item.path === top && item.kind === "folder") ? top : "";
}

/** Folders with a `bin` that holds something to start, the outermost ones only: each gets an environment script. */
export function toolsetRoots(items: readonly Item[]): string[] {
  const roots = new Set<string>();
  for (const item of items) {
    const folder = parentOf(item.path);
    const isTool = item.kind === "symlink" || (item.kind === "file" && (item.mode & 0o111) !== 0);
    if (isTool && (folder === "bin" || folder.endsWith("/bin"))) roots.add(parentOf(folder));
  }
  const depth = (root: string) => (root === "" ? 0 : root.split("/").length);
  const least = Math.min(...[...roots].map(depth));
  return [...roots].filter((root) => depth(root) === least).sort();
}

/** Whether a toolset has Lua modules of its own. */
export function hasLuaModules(items: readonly Item[], root: string): boolean {
  return items.some((item) => item.path === below(root, "lib/lua") && item.kind === "folder");
}

/** Names of the packages for several machines: `tools.tar.gz` and `tools` become `tools-gvisor-linux-x86_64.tar.gz` and so on. */
export function packageName(output: string, machine: "x86_64" | "aarch64"): string {
  const ending = archiveEnding(output) ?? "";
  return `${output.slice(0, output.length - ending.length).replace(/\/+$/, "")}-gvisor-linux-${machine}${ending}`;
}

/** `.tar.gz` or `.tgz` where a name ends so: then an archive is written, else a folder. */
export function archiveEnding(output: string): string | undefined {
  return /\.(tar\.gz|tgz)$/.exec(output)?.[0];
}
