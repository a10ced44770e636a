/** JSON as every command prints and saves it. */

import { unprintable } from "./words.js";

/**
 * A JSON text, with what would do something on a terminal or turn the direction of the text written as an escape: names come from
 * files, and JSON is looked at in terminals too. JSON.stringify escapes only what is below U+0020. Its meaning is the same.
 */
export function jsonText(value: unknown, indent?: number): string {
  // Line feeds stay: those of strings are escaped already.
  return JSON.stringify(value, null, indent).replace(unprintable, (one) =>
    one === "\n" ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
