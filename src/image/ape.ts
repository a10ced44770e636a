/** Actually Portable Executables: the ELF headers that a shell script prints over the start of the file. */
import { asciiOf, positionsOf } from "../bytes/find.js";
import type { ByteSource } from "../bytes/source.js";
import { InputError } from "../errors.js";
import { readElf } from "./elf.js";
import type { ApeParts, ElfView } from "./image.js";
import { elfMachine, elfMachineName } from "./machines.js";

/** APE specification, "Embedded ELF Header": the printf lines must lie within this much of the file's start. */
export const apeScanLength = 8192;

const magics = ["MZqFpD", "jartsr", "APEDBG"] as const;
const elfHeaderSize = 64;
const backslash = 0x5c;
const quote = 0x27;
const printf = asciiOf("printf '");

/** Which of the three magics (APE specification, "File Header") the file starts with, if any: the name, then `='`. */
export function apeMagic(start: Uint8Array): ApeParts["magic"] | undefined {
  if (start[6] !== 0x3d || start[7] !== quote) return undefined;
  return magics.find((magic) => [...magic].every((letter, index) => start[index] === letter.charCodeAt(0)));
}

/**
 * The ELF headers in the printf lines within the first 8,192 bytes, decoded as cosmopolitan's tool/build/assimilate.c
 * (GetElfHeader) does: exactly 64 bytes that start with \x7fELF and are not of class 32. What is printed otherwise is
 * passed over; an ELF header of another length gets a note.
 */
export function findApeHeaders(start: Uint8Array, magic: ApeParts["magic"], notes: string[]): ApeParts {
  const end = Math.min(start.length, apeScanLength);
  const elfHeaders: ApeParts["elfHeaders"][number][] = [];
  let passed = 0;
  for (const at of positionsOf(printf, start.subarray(0, end + printf.length))) {
    if (at < passed || at >= end) continue;
    const text = decodePrintf(start, at + printf.length, end);
    const { decoded } = text;
    const isElf = decoded[0] === 0x7f && decoded[1] === 0x45 && decoded[2] === 0x4c && decoded[3] === 0x46;
    if (isElf && (text.tooLong || decoded.length !== elfHeaderSize)) {
      const length = text.tooLong ? `more than ${elfHeaderSize}` : `${decoded.length}`;
      notes.push(`the printf at offset ${at} makes an ELF header of ${length} bytes, not ${elfHeaderSize}; it is passed over`);
    } else if (isElf && decoded[4] === 1) {
      notes.push(`the printf at offset ${at} makes a 32-bit ELF header, which APE loaders pass over`);
    } else if (isElf) {
      const header = Uint8Array.from(decoded);
      const machine = elfMachine(header[18]! | (header[19]! << 8));
      elfHeaders.push({ header, textOffset: at + printf.length, textLength: text.end - (at + printf.length), machine });
    }
    passed = text.next;
  }
  return { magic, elfHeaders, changesItself: changesItself(start.subarray(0, end)) };
}

/**
 * Scripts of all builds open the file for writing (`exec 7<> "$o"`), but with a loader (ape.S from 2022 on, apelink -l) only for
 * --assimilate, or a copy. Those name the place for the loader or the copy: by $TMPDIR, or by cp, as Cosmopolitan's own build did.
 */
function changesItself(start: Uint8Array): boolean {
  const script = new TextDecoder("latin1").decode(start);
  return /\bexec 7<> ?"?\$o"?/.test(script) && !/\$\{TMPDIR|\bcp (-\w+ )?"?\$o/.test(script);
}

/**
 * One ELF view per embedded header whose program headers make sense; the others are left aside with a note each. Of two
 * headers for one machine the first counts, as for the loaders.
 */
export async function readApeViews(source: ByteSource, parts: ApeParts, notes: string[]): Promise<ElfView[]> {
  const views: ElfView[] = [];
  for (const { header, textOffset } of parts.elfHeaders) {
    try {
      const view = await readElf(source, header, textOffset);
      if (view.ranges.length === 0) {
        notes.push(`the ELF header printed at offset ${textOffset} loads nothing; it is passed over`);
      } else if (views.some((other) => other.machineCode === view.machineCode)) {
        notes.push(
          `a second ELF header for ${elfMachineName(view.machineCode)}, printed at offset ${textOffset}, is passed over`,
        );
      } else {
        views.push(view);
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      notes.push(`the ELF header printed at offset ${textOffset} is passed over: ${error.message}`);
    }
  }
  return views;
}

/**
 * Decodes the text of a printf from `at` to its closing quote. Octal escapes have one to three digits and wrap at a byte;
 * every other escape stays as it is written, for the specification forbids them and the loaders do not know them.
 * Like assimilate.c it stops three bytes before `end`, and once there are more than 64 bytes.
 */
function decodePrintf(
  start: Uint8Array,
  at: number,
  end: number,
): { decoded: number[]; end: number; next: number; tooLong: boolean } {
  const decoded: number[] = [];
  let next = at;
  while (next + 3 < end) {
    let byte = start[next++]!;
    if (byte === quote) return { decoded, end: next - 1, next, tooLong: false };
    if (byte === backslash && isOctal(start[next])) {
      byte = 0;
      for (let digits = 0; digits < 3 && isOctal(start[next]); digits++) byte = byte * 8 + (start[next++]! - 0x30);
    }
    if (decoded.length === elfHeaderSize) return { decoded, end: next, next, tooLong: true };
    decoded.push(byte & 0xff);
  }
  return { decoded, end: next, next, tooLong: false };
}

function isOctal(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x37;
}
