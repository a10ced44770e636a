/** What a file is that no system loads as a program: scripts, text, archives and some common formats, by their first bytes. */
import type { Image, ImageKind } from "./image.js";

interface Magic {
  readonly kind: ImageKind;
  readonly words: string;
  readonly bytes: readonly number[];
  readonly at?: number;
}

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

const magics: readonly Magic[] = [
  { kind: "archive", words: "gzip archive", bytes: [0x1f, 0x8b] },
  { kind: "archive", words: "zip archive", bytes: [0x50, 0x4b, 3, 4] },
  { kind: "archive", words: "empty zip archive", bytes: [0x50, 0x4b, 5, 6] },
  { kind: "archive", words: "xz archive", bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] },
  { kind: "archive", words: "zstd archive", bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { kind: "archive", words: "bzip2 archive", bytes: ascii("BZh") },
  { kind: "archive", words: "ar archive", bytes: ascii("!<arch>\n") },
  { kind: "archive", words: "thin ar archive", bytes: ascii("!<thin>\n") },
  { kind: "archive", words: "tar archive", bytes: ascii("ustar"), at: 257 },
  { kind: "archive", words: "7-zip archive", bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] },
  { kind: "archive", words: "lz4 archive", bytes: [0x04, 0x22, 0x4d, 0x18] },
  { kind: "archive", words: "cpio archive", bytes: ascii("07070") },
  { kind: "archive", words: "RPM package", bytes: [0xed, 0xab, 0xee, 0xdb] },
  { kind: "archive", words: "squashfs image", bytes: ascii("hsqs") },
  { kind: "other", words: "WebAssembly module", bytes: [0, 0x61, 0x73, 0x6d] },
  { kind: "other", words: "Java class", bytes: [0xca, 0xfe, 0xba, 0xbe] },
  { kind: "other", words: "LLVM bitcode", bytes: ascii("BC\xc0\xde") },
  { kind: "other", words: "DOS program", bytes: ascii("MZ") },
  { kind: "other", words: "a.out program", bytes: [0x0b, 0x01, 0x64, 0x00] },
  { kind: "other", words: "PDF document", bytes: ascii("%PDF-") },
  { kind: "other", words: "PNG image", bytes: [0x89, 0x50, 0x4e, 0x47] },
  { kind: "other", words: "SQLite database", bytes: ascii("SQLite format 3") },
];

/** How much of a file must look like text for it to be called so. */
const textSample = 4096;

/** Says what a file of `size` bytes is that starts with `start`: never an error. */
export function guessKind(start: Uint8Array, size: number): Pick<Image, "kind" | "description"> {
  if (size === 0) return { kind: "empty", description: "empty file" };
  if (start[0] === 0x23 && start[1] === 0x21) return { kind: "script", description: describeScript(start) };
  const known = magics.find(({ bytes, at = 0 }) => bytes.every((byte, index) => start[at + index] === byte));
  if (known !== undefined) return { kind: known.kind, description: known.words };
  return isText(start.subarray(0, textSample)) ? { kind: "text", description: "text" } : { kind: "other", description: "data" };
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
