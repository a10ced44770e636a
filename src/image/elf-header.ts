/** The ELF header and the records of its two tables (gABI chapter 4, "ELF Header", and chapter 5, "Program Header"). */
import { Reader } from "../bytes/reader.js";
import { type Struct, struct } from "../bytes/struct.js";
import { InputError } from "../errors.js";
import { elfMachineName } from "./machines.js";

export const ET_REL = 1;
export const ET_EXEC = 2;
export const ET_DYN = 3;
export const ET_CORE = 4;

const afterIdent64 = struct({
  type: "u16",
  machine: "u16",
  version: "u32",
  entry: "loose64",
  phoff: "loose64",
  shoff: "loose64",
  flags: "u32",
  ehsize: "u16",
  phentsize: "u16",
  phnum: "u16",
  shentsize: "u16",
  shnum: "u16",
  shstrndx: "u16",
});
const afterIdent32: typeof afterIdent64 = struct({
  type: "u16",
  machine: "u16",
  version: "u32",
  entry: "u32",
  phoff: "u32",
  shoff: "u32",
  flags: "u32",
  ehsize: "u16",
  phentsize: "u16",
  phnum: "u16",
  shentsize: "u16",
  shnum: "u16",
  shstrndx: "u16",
});
const segment64 = struct({
  type: "u32",
  flags: "u32",
  offset: "loose64",
  address: "loose64",
  physical: "loose64",
  fileSize: "loose64",
  memorySize: "loose64",
  align: "loose64",
});
const segment32: typeof segment64 = struct({
  type: "u32",
  offset: "u32",
  address: "u32",
  physical: "u32",
  fileSize: "u32",
  memorySize: "u32",
  flags: "u32",
  align: "u32",
});
const section64 = struct({
  nameOffset: "u32",
  type: "u32",
  flags: "loose64",
  address: "loose64",
  offset: "loose64",
  size: "loose64",
  link: "u32",
  info: "u32",
  align: "loose64",
  entrySize: "loose64",
});
const section32: typeof section64 = struct({
  nameOffset: "u32",
  type: "u32",
  flags: "u32",
  address: "u32",
  offset: "u32",
  size: "u32",
  link: "u32",
  info: "u32",
  align: "u32",
  entrySize: "u32",
});

type FieldsOf<T> = T extends Struct<infer Name> ? Readonly<Record<Name, number>> : never;

/** The header's fields by their names without the `e_`; 64-bit fields above 2^53-1 are Infinity. */
export type ElfHeader = FieldsOf<typeof afterIdent64> & {
  readonly bytes: Uint8Array;
  readonly class: 32 | 64;
  readonly littleEndian: boolean;
  readonly osabi: number;
};
export type RawSection = FieldsOf<typeof section64>;

/** The record layouts of one ELF class. */
export function layoutOf(elfClass: 32 | 64): {
  header: typeof afterIdent64;
  segment: typeof segment64;
  section: typeof section64;
} {
  return elfClass === 64
    ? { header: afterIdent64, segment: segment64, section: section64 }
    : { header: afterIdent32, segment: segment32, section: section32 };
}

/** Size of the whole header in bytes. */
export function headerSize(elfClass: 32 | 64): 64 | 52 {
  return elfClass === 64 ? 64 : 52;
}

/**
 * Decodes an ELF header. `bytes` begins with \x7fELF. `offset` is where it stands in the file, for messages. What Linux
 * ignores becomes a note. Throws InputError where it is cut off or no system could know what it is.
 */
export function readElfHeader(bytes: Uint8Array, offset: number, notes: string[]): ElfHeader {
  if (bytes.length < 6 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    throw new InputError("the ELF header is cut off within its first bytes", offset);
  }
  const padded = new Uint8Array(64);
  padded.set(bytes.subarray(0, 64));
  const elfClass = classOf(padded, notes);
  const littleEndian = byteOrderOf(padded, notes);
  if (bytes.length < headerSize(elfClass)) {
    throw new InputError(`the file ends inside its ELF header (${bytes.length} of ${headerSize(elfClass)} bytes)`);
  }
  if (padded[6] !== 1) notes.push(`EI_VERSION is ${padded[6]}: Linux does not look at it, gVisor refuses to start the file`);
  const reader = new Reader(padded, "the ELF header", offset, littleEndian);
  return {
    ...layoutOf(elfClass).header.read(reader, 16),
    bytes: padded.slice(0, headerSize(elfClass)),
    class: elfClass,
    littleEndian,
    osabi: padded[7]!,
  };
}

/** e_type in words. */
export function elfTypeName(type: number): string {
  return (
    ["no type", "object file", "program", "shared object or position-independent program", "core dump"][type] ?? `type ${type}`
  );
}

// Linux decides by e_machine and never looks at EI_CLASS (fs/binfmt_elf.c, elf_check_arch); programs golfed down to a
// few bytes keep code there. gVisor does look (pkg/sentry/loader/elf.go, parseHeader).
function classOf(bytes: Uint8Array, notes: string[]): 32 | 64 {
  const value = bytes[4];
  if (value === 2 || (value === 1 && !isLittle64(bytes))) return value === 1 ? 32 : 64;
  const machine = bytes[18]! | (bytes[19]! << 8);
  if (machine !== 62 && machine !== 183 && machine !== 3 && machine !== 40) {
    throw new InputError(`the ELF header says neither 32 nor 64 bits (EI_CLASS is ${value}) for ${elfMachineName(machine)}`, 4);
  }
  notes.push(`EI_CLASS is ${value}: Linux does not look at it, gVisor refuses to start the file`);
  return machine === 62 || machine === 183 ? 64 : 32;
}

/** Whether Linux on x86-64 or aarch64 takes it for a 64-bit program: e_machine and e_phentsize as such a one has them. */
function isLittle64(bytes: Uint8Array): boolean {
  const machine = bytes[18]! | (bytes[19]! << 8);
  const phentsize = bytes[54]! | (bytes[55]! << 8);
  return (machine === 62 || machine === 183) && phentsize === layoutOf(64).segment.size;
}

function byteOrderOf(bytes: Uint8Array, notes: string[]): boolean {
  if (bytes[5] === 1) return true;
  if (bytes[5] === 2 && !isLittle64(bytes)) return false;
  notes.push(`EI_DATA is ${bytes[5]}: Linux does not look at it, gVisor refuses to start the file`);
  return true;
}
