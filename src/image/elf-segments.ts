/** Program headers as Linux's loader reads them (fs/binfmt_elf.c, load_elf_phdrs and load_elf_binary). */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { hex, InputError } from "../errors.js";
import { type ElfHeader, ET_DYN, ET_EXEC, layoutOf } from "./elf-header.js";
import type { LoadedRange, ProgramHeader } from "./image.js";
import { elfMachine, elfMachineName } from "./machines.js";

export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_NOTE = 4;
export const PT_TLS = 7;
export const PT_GNU_EH_FRAME = 0x6474e550;
export const PT_GNU_STACK = 0x6474e551;

const PN_XNUM = 0xffff;
/** load_elf_phdrs refuses more than 64 KiB of them; core dumps, which nobody loads, may have more. */
const mostTableBytes = 65536;
const mostCoreSegments = 1 << 20;
/** p_flags: writable. */
const PF_W = 2;
const pageSize = 4096;

/** True if Linux could be asked to load it, so that what Linux refuses is an error and not a note. */
export function isLoadable(header: ElfHeader): boolean {
  return header.type === ET_EXEC || header.type === ET_DYN;
}

/** Reads the program header table. Throws InputError where Linux would refuse it, or where it lies outside the file. */
export async function readProgramHeaders(source: ByteSource, header: ElfHeader, notes: string[]): Promise<ProgramHeader[]> {
  const layout = layoutOf(header.class).segment;
  const count = header.phnum === PN_XNUM ? await extendedCount(source, header) : header.phnum;
  if (count === 0 && !isLoadable(header)) return [];
  if (count === 0) throw new InputError("the ELF header announces no program headers, so there is nothing to load");
  if (header.phentsize !== layout.size) {
    throw new InputError(
      `e_phentsize is ${header.phentsize} where ELF${header.class} has ${layout.size}; Linux refuses the file`,
    );
  }
  const size = count * layout.size;
  if (isLoadable(header) ? size > mostTableBytes : count > mostCoreSegments) {
    throw new InputError(
      `the ELF header announces ${count} program headers; Linux refuses more than ${mostTableBytes} bytes of them`,
    );
  }
  if (!(header.phoff + size <= source.size)) {
    throw new InputError(
      `the program headers (${count} at ${where(header.phoff)}) lie past the end of the file, which has ${source.size} bytes`,
    );
  }
  if (isLoadable(header) && size > pageSize) {
    notes.push(
      `${count} program headers: Linux takes up to ${mostTableBytes} bytes of them, gVisor refuses more than ${pageSize}`,
    );
  }
  const reader = new Reader(await source.read(header.phoff, size), "the program headers", header.phoff, header.littleEndian);
  return Array.from({ length: count }, (_, index) => {
    const { physical: _physical, ...fields } = layout.read(reader, index * layout.size);
    return fields;
  });
}

/** gABI: with PN_XNUM the true count is sh_info of section header 0. Linux knows this for core dumps alone. */
async function extendedCount(source: ByteSource, header: ElfHeader): Promise<number> {
  if (isLoadable(header)) {
    throw new InputError(`e_phnum is ${PN_XNUM} (PN_XNUM); Linux refuses more than ${mostTableBytes} bytes of program headers`);
  }
  const layout = layoutOf(header.class).section;
  if (!(header.shoff > 0 && header.shoff + layout.size <= source.size)) {
    throw new InputError("e_phnum is PN_XNUM, but there is no section header 0 to hold the count of program headers");
  }
  const reader = new Reader(await source.read(header.shoff, layout.size), "section header 0", header.shoff, header.littleEndian);
  return layout.read(reader, 0).info;
}

/**
 * One sentence where whole pages of a segment lie past the end of the file, as of a download that broke off: Linux starts such a
 * program, and it dies where it first touches them. What is missing within the last page reads as zeros, and is no matter. A segment
 * that is read-only and has zeros behind its bytes, of which some are there, is not cut off but made so, and has a rule of its own,
 * bss-past-eof.
 */
export function missingPages(headers: readonly ProgramHeader[], fileSize: number): string | undefined {
  const end = Math.ceil(fileSize / pageSize) * pageSize;
  const isMadeSo = ({ offset, fileSize: length, memorySize, flags }: ProgramHeader): boolean =>
    (flags & PF_W) === 0 && offset < fileSize && memorySize > length && (offset + length) % pageSize !== 0;
  const index = headers.findIndex(
    (header) => header.type === PT_LOAD && header.memorySize > 0 && header.offset + header.fileSize > end && !isMadeSo(header),
  );
  if (index < 0) return undefined;
  const { offset, fileSize: length } = headers[index];
  return `program header ${index} loads ${where(length)} bytes from ${where(offset)}, but the file ends at ${where(fileSize)}`;
}

/**
 * What PT_LOAD headers map, in file order. Bytes that the file does not have are cut off with a note (Linux maps them, and
 * touching them is SIGBUS). Throws InputError for what Linux refuses.
 */
export function loadedRanges(
  headers: readonly ProgramHeader[],
  header: ElfHeader,
  fileSize: number,
  notes: string[],
): LoadedRange[] {
  const ranges: LoadedRange[] = [];
  let top = 0;
  let isAscending = true;
  for (const [index, segment] of headers.entries()) {
    if (segment.type !== PT_LOAD) continue;
    checkSegment(index, segment, header);
    if (segment.memorySize === 0) continue;
    const there = Math.max(0, Math.min(segment.fileSize, fileSize - segment.offset));
    if (there < segment.fileSize) {
      notes.push(
        `program header ${index} takes ${where(segment.fileSize)} bytes from ${where(segment.offset)}, of which the file has ${there}; touching the rest is SIGBUS`,
      );
    }
    isAscending &&= segment.address >= top;
    top = Math.max(top, segment.address + segment.memorySize);
    ranges.push({
      fileOffset: there > 0 ? segment.offset : Math.min(segment.offset, fileSize),
      fileSize: there,
      address: segment.address,
      memorySize: segment.memorySize,
      readable: (segment.flags & 4) !== 0,
      writable: (segment.flags & 2) !== 0,
      executable: (segment.flags & 1) !== 0,
      name: undefined,
    });
  }
  // Linux maps such headers over one another (gVisor pkg/sentry/loader/elf.go, loadParsedELF).
  if (!isAscending)
    notes.push("the program headers do not lie above one another in their order; gVisor refuses to start the file");
  if (ranges.length === 0) notes.push("no program header loads anything");
  return ranges;
}

/** The checks that load_elf_binary makes before and while it maps one PT_LOAD. */
function checkSegment(index: number, segment: ProgramHeader, header: ElfHeader): void {
  const name = `program header ${index}`;
  if (segment.fileSize > segment.memorySize) {
    throw new InputError(
      `${name} takes more bytes from the file (${where(segment.fileSize)}) than it has in memory (${where(segment.memorySize)})`,
    );
  }
  const limit = userSpaceEnd(header);
  if (!(segment.address + segment.memorySize <= limit)) {
    throw new InputError(
      `${name} reaches to ${where(segment.address + segment.memorySize)}, past the end of ${elfMachineName(header.machine)} user space (${where(limit)}): a kernel, or damaged`,
    );
  }
  if (segment.fileSize > 0 && segment.address % pageSize !== segment.offset % pageSize) {
    throw new InputError(
      `${name} has file offset ${where(segment.offset)} and address ${where(segment.address)}, which differ within a page, so it cannot be mapped`,
    );
  }
}

/** First address that no user program can have: 47 bits on x86-64, 2^53 where the kernel's configuration decides. */
function userSpaceEnd(header: ElfHeader): number {
  if (header.class === 32) return 2 ** 32;
  return elfMachine(header.machine) === "x86-64" ? 2 ** 47 : Number.MAX_SAFE_INTEGER;
}

function where(value: number): string {
  return Number.isSafeInteger(value) ? hex(value) : "a number above 2^53";
}
