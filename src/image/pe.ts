/** What Windows would load: PE headers and sections (PE/COFF specification, "PE Format"). */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { struct } from "../bytes/struct.js";
import { InputError } from "../errors.js";
import type { LoadedRange, View } from "./image.js";
import { peMachine } from "./machines.js";

const PE_SIGNATURE = 0x4550;
const PE32 = 0x10b;
const PE32_PLUS = 0x20b;
/** The loader's own limit (PE/COFF specification, "NumberOfSections"). */
const mostSections = 96;
/** Windows ignores the low nine bits of PointerToRawData. */
const sectorSize = 512;
const pageSize = 4096;

const fileHeader = struct({
  signature: "u32",
  machine: "u16",
  sections: "u16",
  timestamp: "u32",
  symbols: "u32",
  symbolCount: "u32",
  optionalSize: "u16",
  characteristics: "u16",
});
const sectionHeader = struct({
  name0: "u32",
  name1: "u32",
  virtualSize: "u32",
  virtualAddress: "u32",
  rawSize: "u32",
  rawOffset: "u32",
  relocations: "u32",
  lineNumbers: "u32",
  relocationCount: "u16",
  lineNumberCount: "u16",
  characteristics: "u32",
});

/** Sizes and flags that decide how a section is mapped (IMAGE_SCN_MEM_*). */
const MEM_EXECUTE = 0x2000_0000;
const MEM_READ = 0x4000_0000;
const MEM_WRITE = 0x8000_0000;

/**
 * Reads the PE view of a file that starts with "MZ". Undefined for a DOS program, which has no PE header. Throws InputError
 * where there is one and it is damaged; callers for whom Windows does not matter make a note of that.
 */
export async function readPe(source: ByteSource): Promise<View | undefined> {
  const dos = new Reader(await source.read(0, 64), "the DOS header");
  if (!dos.has(0, 64)) return undefined;
  const start = dos.u32(0x3c);
  const head = new Reader(await source.read(start, 24 + 240), "the PE header", start);
  if (!head.has(0, 24) || head.u32(0) !== PE_SIGNATURE) return undefined;
  const file = fileHeader.read(head, 0);
  if (file.sections > mostSections)
    throw new InputError(`the PE header announces ${file.sections} sections; Windows loads up to ${mostSections}`);

  const magic = head.u16(24);
  if (magic !== PE32 && magic !== PE32_PLUS)
    throw new InputError(`the PE optional header has the unknown magic ${magic}`, start + 24);
  const isWide = magic === PE32_PLUS;
  const imageBase = isWide ? head.u64(24 + 24, "ImageBase") : head.u32(24 + 28);
  const sectionAlignment = head.u32(24 + 32) || pageSize;
  const headersSize = Math.min(head.u32(24 + 60), source.size);

  const tableAt = start + 24 + file.optionalSize;
  const table = await source.read(tableAt, file.sections * sectionHeader.size);
  const reader = new Reader(table, "the PE section table", tableAt);
  const ranges: LoadedRange[] = [headersRange(imageBase, headersSize, sectionAlignment)];
  for (let index = 0; index < file.sections; index++) {
    ranges.push(sectionRange(reader, index * sectionHeader.size, imageBase, sectionAlignment, source.size));
  }
  return { format: "pe", machine: peMachine(file.machine), entry: imageBase + head.u32(24 + 16), ranges };
}

function headersRange(address: number, size: number, alignment: number): LoadedRange {
  const memorySize = roundUp(size, alignment);
  return {
    fileOffset: 0,
    fileSize: size,
    address,
    memorySize,
    readable: true,
    writable: false,
    executable: false,
    name: undefined,
  };
}

function sectionRange(reader: Reader, at: number, imageBase: number, alignment: number, fileSize: number): LoadedRange {
  const section = sectionHeader.read(reader, at);
  const virtualSize = section.virtualSize || section.rawSize;
  const memorySize = roundUp(virtualSize, alignment);
  const hasBytes = section.rawSize > 0 && section.rawOffset > 0;
  const fileOffset = hasBytes ? Math.min(section.rawOffset - (section.rawOffset % sectorSize), fileSize) : 0;
  // Whole pages are mapped, so file bytes past VirtualSize are seen up to the end of the page.
  const wanted = hasBytes ? Math.min(section.rawSize + (section.rawOffset % sectorSize), roundUp(virtualSize, pageSize)) : 0;
  const name = reader.slice(at, 8);
  return {
    fileOffset,
    fileSize: Math.max(0, Math.min(wanted, fileSize - fileOffset, memorySize)),
    address: imageBase + section.virtualAddress,
    memorySize,
    readable: (section.characteristics & MEM_READ) !== 0,
    writable: (section.characteristics & MEM_WRITE) !== 0,
    executable: (section.characteristics & MEM_EXECUTE) !== 0,
    name: String.fromCharCode(...name.subarray(0, name.includes(0) ? name.indexOf(0) : 8)),
  };
}

function roundUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
