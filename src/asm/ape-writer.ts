/** Writes an assembled program as an Actually Portable Executable (cosmopolitan ape/specification.md). */

import { type ApeMagic, apeScript } from "./ape-script.js";
import type { Assembler } from "./assembler.js";
import { Bytes, concat } from "./bytes.js";
import { EM_AARCH64, EM_X86_64, ET_EXEC, elfHeader, programHeaders, type Segment, segmentsOf } from "./elf-writer.js";
import { type Built, built, layOut, PAGE, PF, place, up } from "./layout.js";
import { machoHeader } from "./macho-header.js";
import { peHeader } from "./pe-header.js";
import { appendZip, type ZipContent } from "./zip-writer.js";

/** Everything in front of the code. The printf lines have to lie within the first 8192 bytes of the file. */
const HEAD = 0x2000;
const MACHO_AT = 0x1400;
const PE_AT = 0x1800;
const PHDRS_AT = 0x1c00;
const ARM_PHDRS_AT = 0x1e00;
/** Cosmopolitan's address for aarch64, whose pages may have 16 KiB. */
const ARM_BASE = 0x800000000;
const ARM_PAGE = 0x4000;
const ELFOSABI_FREEBSD = 9;
const PT_LOAD = 1;

export interface ApeOptions {
  readonly magic?: ApeMagic;
  /** The script writes the ELF header over the file itself, instead of a copy. */
  readonly changesItself?: boolean;
  readonly entry?: string;
  /** Where Windows enters, a label; the ELF entry by default. */
  readonly windowsEntry?: string;
  /** Code of an aarch64 program, position-independent, entered at its first byte: makes the file fat. */
  readonly aarch64?: Uint8Array;
  /** Contents of the zip archive at the end; none without. Given the finished program, for symbol tables. */
  readonly zip?: (program: Built) => readonly ZipContent[];
}

export interface BuiltApe extends Built {
  /** The ELF header of x86-64: written over the start of the file, it makes a plain ELF of it ("assimilate"). */
  readonly elfHeader: Uint8Array;
  /** File offset of the aarch64 code, where there is any. */
  readonly aarch64Offset: number | undefined;
}

/**
 * Assembles `program` into an APE: DOS and PE header and shell script at once, a Mach-O header that a dd line reaches, and one or two
 * ELF headers in printf lines. One executable segment holds the head and the code, as apelink makes it. Started through a shell, it
 * runs a copy of itself that has its ELF header in place.
 */
export function writeApe(program: Assembler, options: ApeOptions = {}): BuiltApe {
  const { magic = "MZqFpD", entry = "_start", aarch64 } = options;
  const layout = layOut(program, { base: 0x400000, headSize: HEAD });
  const armAt = up(layout.fileSize, ARM_PAGE);
  const size = aarch64 ? armAt + up(aarch64.length, PAGE) : up(layout.fileSize, PAGE);
  const start = program.addressOf(entry, layout.addresses);
  const segments = segmentsOf(layout, PF.R | PF.W);
  const header = elfHeader({
    type: ET_EXEC,
    machine: EM_X86_64,
    entry: start,
    phoff: PHDRS_AT,
    phnum: segments.length,
    osabi: ELFOSABI_FREEBSD,
  });
  const macho = machoHeader(layout, start);
  const arm = aarch64 && armParts(aarch64, armAt);
  const elfHeaders = [
    { machines: ["x86_64", "amd64"], header },
    ...(arm ? [{ machines: ["aarch64", "arm64"], header: arm.header }] : []),
  ];
  const { changesItself = false } = options;
  const script = apeScript({ elfHeaders, machoOffset: MACHO_AT, machoSize: up(macho.length, 8), changesItself });

  const file = new Bytes(size);
  // The file's first line must not hold a NUL, or some shells take it for a binary.
  file.set(0, `${magic}='\n`).u32(0x3c, PE_AT).u16(0x1fe, 0xaa55).set(0x200, script);
  if (0x200 + script.length > MACHO_AT) throw new Error(`the script has ${script.length} bytes, too many`);
  file.set(MACHO_AT, macho).set(PHDRS_AT, programHeaders(segments));
  if (magic === "MZqFpD") file.set(PE_AT, peHeader(program, layout, options.windowsEntry ?? entry, HEAD));
  if (arm && aarch64) file.set(ARM_PHDRS_AT, arm.table).set(armAt, aarch64);
  place(file.bytes, program, layout);
  const finished = built(file.bytes, program, layout);
  const bytes = options.zip ? appendZip(file.bytes, options.zip(finished)) : finished.bytes;
  return { ...finished, bytes, elfHeader: header, aarch64Offset: aarch64 && armAt };
}

/** What `--assimilate` does: the ELF header in place of the first 64 bytes. */
export function assimilate(ape: BuiltApe): BuiltApe {
  return { ...ape, bytes: concat([ape.elfHeader, ape.bytes.subarray(ape.elfHeader.length)]) };
}

/** The head is mapped besides the code, so that the program headers are where AT_PHDR points. */
function armParts(code: Uint8Array, at: number): { header: Uint8Array; table: Uint8Array } {
  const load = (flags: number, offset: number, length: number): Segment => ({
    type: PT_LOAD,
    flags,
    offset,
    address: ARM_BASE + offset,
    fileSize: length,
    memorySize: length,
    align: ARM_PAGE,
  });
  const segments = [load(PF.R, 0, HEAD), load(PF.R | PF.X, at, code.length)];
  const fields = { type: ET_EXEC, machine: EM_AARCH64, entry: ARM_BASE + at, osabi: ELFOSABI_FREEBSD };
  const header = elfHeader({ ...fields, phoff: ARM_PHDRS_AT, phnum: segments.length });
  return { header, table: programHeaders(segments) };
}
