/** File names with `*`, `?` and `**`, as workflows write them: fs.globSync is not in Node 20. */

import { existsSync, readdirSync } from "node:fs";
import { join, sep } from "node:path";

const isPattern = (text) => /[*?]/.test(text);

/** The paths that a line stands for, sorted: itself where it exists or has no pattern; none where nothing fits. */
export function expanded(line) {
  if (!isPattern(line) || existsSync(line)) return [line];
  const parts = line.split("/");
  const first = parts.findIndex(isPattern);
  const folder = parts.slice(0, first).join("/") || (line.startsWith("/") ? "/" : ".");
  const expression = new RegExp(`^${parts.slice(first).map(expressionOf).join("/").replaceAll("(?:.+/)?/", "(?:.+/)?")}$`);
  const isDeep = parts.length - first > 1 || parts.at(-1) === "**";
  return namesIn(folder, isDeep)
    .filter((name) => expression.test(name))
    .map((name) => (folder === "." && !line.startsWith("./") ? name : join(folder, name)))
    .sort();
}

function namesIn(folder, isDeep) {
  try {
    return readdirSync(folder, { recursive: isDeep }).map((name) => name.replaceAll(sep, "/"));
  } catch {
    return [];
  }
}

/** As in a shell: a star does not stand for a dot at the start. */
function expressionOf(part, index, all) {
  if (part === "**") return index === all.length - 1 ? ".+" : "(?:.+/)?";
  const text = part
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
  return part.startsWith(".") ? text : `(?!\\.)${text}`;
}
