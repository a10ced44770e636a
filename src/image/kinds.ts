/** What a file is that no system loads as a program: scripts, text, archives and some common formats, by their first bytes. */
import type { Image, ImageKind } from "./image.js";

interface Magic {
  readonly kind: ImageKind;
  readonly words: string;
  /** A character for each byte. */
  readonly bytes: string;
  readonly at?: number;
}

const magics: readonly Magic[] = [
  { kind: "archive", words: "gzip archive", bytes: "\x1f\x8b" },
  { kind: "archive", words: "zip archive", bytes: "PK\x03\x04" },
  { kind: "archive", words: "empty zip archive", bytes: "PK\x05\x06" },
  { kind: "archive", words: "xz archive", bytes: "\xfd7zXZ\x00" },
  { kind: "archive", words: "zstd archive", bytes: "(\xb5/\xfd" },
  { kind: "archive", words: "bzip2 archive", bytes: "BZh" },
  { kind: "archive", words: "ar archive", bytes: "!<arch>\n" },
  { kind: "archive", words: "thin ar archive", bytes: "!<thin>\n" },
  { kind: "archive", words: "tar archive", bytes: "ustar", at: 257 },
  { kind: "archive", words: "7-zip archive", bytes: "7z\xbc\xaf'\x1c" },
  { kind: "archive", words: "lz4 archive", bytes: "\x04\x22M\x18" },
  { kind: "archive", words: "cpio archive", bytes: "07070" },
  { kind: "archive", words: "RPM package", bytes: "\xed\xab\xee\xdb" },
  { kind: "archive", words: "squashfs image", bytes: "hsqs" },
  { kind: "other", words: "WebAssembly module", bytes: "\x00asm" },
  { kind: "other", words: "Java class", bytes: "\xca\xfe\xba\xbe" },
  { kind: "other", words: "LLVM bitcode", bytes: "BC\xc0\xde" },
  { kind: "other", words: "DOS program", bytes: "MZ" },
  { kind: "other", words: "a.out program", bytes: "\x0b\x01d\x00" },
  { kind: "other", words: "PDF document", bytes: "%PDF-" },
  { kind: "other", words: "PNG image", bytes: "\x89PNG" },
  { kind: "other", words: "SQLite database", bytes: "SQLite format 3" },
];

/** How much of a file must look like text for it to be called so. */
const textSample = 4096;

/** Says what a file of `size` bytes is that starts with `start`: never an error. */
export function guessKind(start: Uint8Array, size: number): Pick<Image, "kind" | "description"> {
  if (size === 0) return { kind: "empty", description: "empty file" };
  if (start[0] === 0x23 && start[1] === 0x21) return { kind: "script", description: describeScript(start) };
  const known = magics.find((magic) => hasMagic(start, magic));
  if (known !== undefined) return { kind: known.kind, description: known.words };
  return isText(start.subarray(0, textSample)) ? { kind: "text", description: "text" } : { kind: "other", description: "data" };
}

function hasMagic(start: Uint8Array, { bytes, at = 0 }: Magic): boolean {
  for (let index = 0; index < bytes.length; index++) if (start[at + index] !== bytes.charCodeAt(index)) return false;
  return true;
}

/** The interpreter line as Linux reads it: at most 255 bytes, to the first line end (fs/binfmt_script.c). */
function describeScript(start: Uint8Array): string {
  const line = new TextDecoder().decode(start.subarray(0, 255)).split("\n", 1)[0]!.trim();
  return `script, ${line}`;
}

/** UTF-8 without control characters other than white space, backspace, form feed and escape. */
function isText(sample: Uint8Array): boolean {
  if (sample.some((byte) => byte < 7 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32) || byte === 127)) return false;
  try {
    // A character may be cut in two at the end of the sample, which streaming allows.
    new TextDecoder("utf-8", { fatal: true }).decode(sample, { stream: true });
    return true;
  } catch {
    return false;
  }
}
