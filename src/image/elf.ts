/** An ELF file as Linux's loader sees it, and what its other tables tell about it. */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { InputError } from "../errors.js";
import { readDynamic } from "./elf-dynamic.js";
import { type ElfHeader, ET_CORE, ET_DYN, ET_EXEC, ET_REL, readElfHeader } from "./elf-header.js";
import { readSections } from "./elf-sections.js";
import { isLoadable, loadedRanges, PT_INTERP, readProgramHeaders } from "./elf-segments.js";
import type { ElfView, LoadedRange, ProgramHeader } from "./image.js";
import { elfMachine } from "./machines.js";

/** fs/binfmt_elf.c: an interpreter's path has 2 to PATH_MAX bytes, its NUL included. */
const longestInterpreter = 4096;

/**
 * Reads the ELF view of a file whose header bytes are `headerBytes`: those at `headerOffset` 0 of an ELF, or those decoded
 * from the printf line that starts at `headerOffset` in an APE. All other offsets in it are from the start of the file.
 *
 * Object files and core dumps have no ranges: nobody loads them. What Linux tolerates is in `notes`.
 * Throws InputError, one sentence, where Linux would refuse the file.
 */
export async function readElf(source: ByteSource, headerBytes: Uint8Array, headerOffset: number): Promise<ElfView> {
  const notes: string[] = [];
  const header = readElfHeader(headerBytes, headerOffset, notes);
  checkType(header, notes);
  const programHeaders = await readProgramHeaders(source, header, notes);
  const ranges = isLoadable(header) ? loadedRanges(programHeaders, header, source.size, notes) : [];
  const interpreter = await readInterpreter(source, header, programHeaders, ranges, notes);
  const dynamic = await readDynamic(source, header, programHeaders, ranges, notes);
  const sections = await readSections(source, header, notes);
  checkEntry(header, ranges, interpreter, notes);
  const isPacked = sections.length === 0 && (await isPackedByUpx(source, header));
  if (isPacked) notes.push("packed by UPX: only what unpacks it was looked at; `upx -d` brings out the program itself");
  return {
    format: "elf",
    machine: elfMachine(header.machine),
    machineCode: header.machine,
    entry: header.entry,
    ranges,
    header: header.bytes,
    headerOffset,
    class: header.class,
    littleEndian: header.littleEndian,
    type: header.type,
    flags: header.flags,
    osabi: header.osabi,
    programHeaderOffset: header.phoff,
    programHeaders,
    sections,
    interpreter,
    needed: dynamic.needed,
    soname: dynamic.soname,
    dynamic: dynamic.table,
    isStatic: interpreter === undefined && dynamic.needed.length === 0,
    isPositionIndependent: header.type === ET_DYN,
    isPacked,
    notes,
  };
}

/** What the dynamic linker asks of a library. */
export type LibraryView = Pick<
  ElfView,
  "machine" | "class" | "littleEndian" | "programHeaders" | "ranges" | "needed" | "dynamic"
>;

/** Reads that part of an ELF file, from its program headers alone. Throws InputError. */
export async function readLibraryView(source: ByteSource): Promise<LibraryView> {
  const header = readElfHeader(await source.read(0, 64), 0, []);
  const programHeaders = await readProgramHeaders(source, header, []);
  const ranges = loadedRanges(programHeaders, header, source.size, []);
  const { needed, table } = await readDynamic(source, header, programHeaders, ranges, []);
  return {
    machine: elfMachine(header.machine),
    class: header.class,
    littleEndian: header.littleEndian,
    programHeaders,
    ranges,
    needed,
    dynamic: table,
  };
}

/** "UPX!" */
const UPX = [0x55, 0x50, 0x58, 0x21];

/** Behind the program headers UPX puts its l_info, with the letters at offset 4 (upx/src/stub/src/include/linux.h). */
async function isPackedByUpx(source: ByteSource, { phoff, phnum, phentsize }: ElfHeader): Promise<boolean> {
  const at = phoff + phnum * phentsize + 4;
  if (at + 4 > source.size) return false;
  const letters = await source.read(at, 4);
  return UPX.every((letter, index) => letters[index] === letter);
}

function checkType(header: ElfHeader, notes: string[]): void {
  const { type } = header;
  if (type === ET_EXEC || type === ET_DYN || type === ET_REL || type === ET_CORE) return;
  // gABI: 0xfe00 to 0xffff belong to operating systems and processors, which are not Linux.
  if (type < 0xfe00)
    throw new InputError(`e_type is ${type}, which is neither a program nor a library, object file or core dump`);
  notes.push(`e_type is 0x${type.toString(16)}, a kind of file of another operating system; Linux does not load it`);
}

/** The path in the first PT_INTERP, as load_elf_binary reads it. */
async function readInterpreter(
  source: ByteSource,
  header: ElfHeader,
  segments: readonly ProgramHeader[],
  ranges: readonly LoadedRange[],
  notes: string[],
): Promise<string | undefined> {
  const segment = segments.find((candidate) => candidate.type === PT_INTERP);
  if (segment === undefined) return undefined;
  const { offset, fileSize: size } = segment;
  const isSane = size >= 2 && size <= longestInterpreter && offset + size <= source.size;
  const path = isSane ? await source.read(offset, size) : undefined;
  if (path?.at(-1) === 0) return new Reader(path, "the interpreter's path", offset).string(0);

  const problem = !isSane ? "does not lie within the file with a length of 2 to 4096 bytes" : "does not end with a zero byte";
  // A separate debug file keeps the program's headers, but not the bytes they speak of; it is no program to be refused.
  if (!isLoadable(header) || ranges.every((range) => range.fileSize === 0 || !range.executable)) {
    notes.push(`PT_INTERP: the path ${problem}`);
    return undefined;
  }
  throw new InputError(`PT_INTERP: the interpreter's path ${problem}; Linux refuses the file`);
}

function checkEntry(header: ElfHeader, ranges: readonly LoadedRange[], interpreter: string | undefined, notes: string[]): void {
  if (header.type !== ET_EXEC && interpreter === undefined) return;
  if (
    !ranges.some((range) => range.executable && header.entry >= range.address && header.entry < range.address + range.memorySize)
  ) {
    notes.push("the entry point does not lie in executable memory");
  }
}
