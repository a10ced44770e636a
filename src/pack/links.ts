/** Where a symbolic link inside a package leads: followed as the kernel would, with the package's top as the border. */

import { InputError } from "../errors.js";
import { quoted } from "../input/archive/names.js";
import { below, type Item, parentOf } from "../write/item.js";

/** As Linux: path_resolution(7). */
const MOST_LINKS = 40;

/**
 * Follows a link. What is compared is the real way through other links and not the spelling: with `a -> .`, the target
 * `a/..` leads out although it looks inside. Returns the path that it ends at, which need not exist; undefined where links
 * go round in circles. Throws InputError where it leads out of the package.
 */
export function resolveLink(path: string, target: string, itemAt: (path: string) => Item | undefined): string | undefined {
  if (target.startsWith("/")) {
    throw new InputError(`entry ${quoted(path)} is a link to outside: ${quoted(target)} is absolute`);
  }
  let at = parentOf(path);
  let links = 1;
  const parts = target.split("/");
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (at === "") throw new InputError(`entry ${quoted(path)} is a link to outside: ${quoted(target)} leads above the top`);
      at = parentOf(at);
      continue;
    }
    const next = below(at, part);
    const item = itemAt(next);
    if (item?.kind !== "symlink") {
      at = next;
      continue;
    }
    if (++links > MOST_LINKS) return undefined;
    if (item.target.startsWith("/")) {
      throw new InputError(`entry ${quoted(next)} is a link to outside: ${quoted(item.target)} is absolute`);
    }
    parts.unshift(...item.target.split("/"));
  }
  return at;
}
