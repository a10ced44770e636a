/** Python wheels (PEP 427): a zip whose RECORD names every file with its sum, which has to follow what was changed. */

import { readFile } from "node:fs/promises";
import { InputError, RefusedError } from "../errors.js";
import { quoted } from "../input/archive/names.js";
import type { FileItem, Item } from "../write/item.js";
import type { Contents } from "./contents.js";
import { filesOf } from "./inventory.js";

/** Larger ones are none: that of a wheel with a hundred thousand files has 10 MB. */
const MOST_BYTES = 64 << 20;
const RECORD = /^[^/]+\.dist-info\/RECORD$/;

/** Whether an output's name is a wheel's. */
export function isWheel(output: string): boolean {
  return /\.whl$/.test(output);
}

/**
 * Writes the lines of RECORD anew that speak of files which are not what they were, and drops those of files that are gone; all other
 * lines stay as they are. Throws InputError where the contents are no wheel's.
 */
export async function updateRecord(name: string, input: readonly Item[], contents: Contents): Promise<void> {
  const record = recordOf(name, input);
  const now = new Map(filesOf(contents.items()).map((file) => [file.path, file]));
  const changed = filesOf(input).filter(({ path, content }) => now.get(path)?.content.sha256 !== content.sha256);
  if (changed.length === 0) return;
  const signature = filesOf(input).find(({ path }) => path === `${record.path}.jws` || path === `${record.path}.p7s`);
  if (signature !== undefined) {
    throw new RefusedError([`${name} is signed (${signature.path}), and a changed one would not be what was signed`]);
  }
  const open = new Set(changed.map(({ path }) => path));
  let text = "";
  for (const line of (await readFile(record.content.file, "utf8")).split(/(?<=\n)/)) {
    const [field = "", path = ""] = firstField(line);
    if (!open.delete(path)) text += line;
    else {
      const file = now.get(path);
      const end = /\r?\n$/.exec(line)?.[0] ?? "";
      if (file !== undefined) text += `${field},sha256=${urlSafe(file.content.sha256)},${file.content.size}${end}`;
    }
  }
  const [unnamed] = open;
  if (unnamed !== undefined) throw new InputError(`${name}: its RECORD does not name ${quoted(unnamed)}`);
  await contents.put(record.path, text, true);
}

/** The files of a wheel in the order in which they are stored: its metadata at the end, as PEP 427 recommends, and RECORD last. */
export function inWheelOrder(items: readonly Item[]): FileItem[] {
  const rank = ({ path }: FileItem) => (RECORD.test(path) ? 2 : /^[^/]+\.dist-info\//.test(path) ? 1 : 0);
  return filesOf(items).sort((a, b) => rank(a) - rank(b));
}

function recordOf(name: string, input: readonly Item[]): FileItem {
  const records = filesOf(input).filter(({ path }) => RECORD.test(path));
  const [record] = records;
  if (record === undefined || records.length > 1) {
    throw new InputError(`${name} is no wheel: it has ${records.length} files *.dist-info/RECORD and not one`);
  }
  if (record.content.size > MOST_BYTES) throw new InputError(`${name}: its RECORD is larger than that of any wheel`);
  const link = input.find(({ kind }) => kind === "symlink");
  if (link !== undefined) throw new InputError(`${name} is no wheel: ${quoted(link.path)} is a symlink`);
  return record;
}

/** The first field of a line of CSV, as it is written and as it is meant. */
function firstField(line: string): [string, string] | [] {
  const [field] = /^(?:"(?:[^"]|"")*"|[^",\r\n]*)(?=,)/.exec(line) ?? [];
  if (field === undefined) return [];
  return [field, field.startsWith('"') ? field.slice(1, -1).replace(/""/g, '"') : field];
}

/** Base64 for URLs without padding, as RECORD has sums (PEP 376, PEP 427). */
function urlSafe(hexadecimal: string): string {
  return Buffer.from(hexadecimal, "hex").toString("base64url");
}
