/** Names in archives are hostile until shown otherwise: what may be written below a folder, and what may not. */

import { printable } from "../../bytes/printable.js";
import { InputError } from "../../errors.js";

/** As Linux has them: NAME_MAX and PATH_MAX, in bytes. */
const MOST_BYTES_OF_PART = 255;
const MOST_BYTES = 4096;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The text of a name. Throws InputError where it is not UTF-8: such a name cannot be written the same everywhere. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new InputError(`the name of entry "${escaped(bytes)}" is not UTF-8`);
  }
}

/**
 * The path of an entry below the folder that it is unpacked in, without empty parts and `.`; "" is that folder itself.
 * Throws InputError for every name that could lead out of it, also for a reader that takes `\` or `C:` as Windows does.
 */
export function safePath(name: string): string {
  const shown = quoted(name);
  if (name === "") throw new InputError("an entry has no name");
  if (name.includes("\0")) throw new InputError(`entry ${shown} has a NUL in its name`);
  if (name.includes("\ufffd")) throw new InputError(`the name of entry ${shown} is not UTF-8`);
  if (/^[/\\]|^[A-Za-z]:[/\\]/.test(name)) throw new InputError(`entry ${shown} has an absolute name`);
  if (name.split(/[/\\]/).includes("..")) throw new InputError(`entry ${shown} leads out of the archive by ".."`);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  const path = parts.join("/");
  if (encoder.encode(path).length > MOST_BYTES || parts.some((part) => encoder.encode(part).length > MOST_BYTES_OF_PART)) {
    throw new InputError(`entry ${shown.slice(0, 80)}… has a name that is too long for Linux`);
  }
  return path;
}

/** More of a name than this does not help whoever reads the sentence. */
const MOST_SHOWN = 200;

/** A name as a sentence shows it. */
export function quoted(name: string): string {
  const shown = printable(name);
  return shown.length > MOST_SHOWN ? `"${shown.slice(0, MOST_SHOWN)}…"` : `"${shown}"`;
}

function escaped(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes.subarray(0, 200)) {
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}
