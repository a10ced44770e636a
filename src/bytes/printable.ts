/** Text from files, made fit for a terminal, a shell and JSON. */

/** Control characters, line separators, and what turns the direction of the text that follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text from a file, such as a symbol's name, fit for a terminal: what would do something there is written as `\\x1b` or `\\u202e`. */
export function printable(text: string): string {
  return text.replace(unprintable, (one) => {
    const code = one.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** A word as a POSIX shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

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
