/** Where functions begin and end, from the unwind tables that exceptions and profilers use (LSB Core, "Exception Frames"). */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { offsetOfAddress, readAtAddress } from "./address.js";
import { PT_GNU_EH_FRAME } from "./elf-segments.js";
import type { ElfView } from "./image.js";

const mostFrameBytes = 256 * 1024 * 1024;
const mostEntries = 2 * 1024 * 1024;
/** DW_EH_PE_*: low four bits the format, the next three what the value is relative to. */
const encoding = { omit: 0xff, absptr: 0, udata2: 2, udata4: 3, udata8: 4, sdata2: 10, sdata4: 11, sdata8: 12 };
const sizes: Partial<Record<number, number>> = { 2: 2, 3: 4, 4: 8, 10: 2, 11: 4, 12: 8 };
const relativeTo = { nothing: 0, self: 0x10, header: 0x30 };

/** A function that unwind information covers: virtual address before load bias, and size in bytes. */
export interface UnwindRange {
  readonly start: number;
  readonly size: number;
}

/**
 * Reads the address ranges of all frame descriptions, sorted by address: `.eh_frame` as PT_GNU_EH_FRAME or the section
 * headers lead to it. At most two million; what is damaged ends the reading and is left out.
 */
export async function readUnwindRanges(source: ByteSource, view: ElfView): Promise<UnwindRange[]> {
  const frames = await findFrames(source, view);
  if (frames === undefined) return [];
  const ranges = [...frameRanges(frames, view)].filter(({ start }) => offsetOfAddress(view, start) !== undefined);
  return ranges.sort((a, b) => a.start - b.start);
}

interface Frames {
  readonly address: number;
  readonly reader: Reader;
}

/** The bytes of .eh_frame: from its section where there is one, else from the address in the header of PT_GNU_EH_FRAME. */
async function findFrames(source: ByteSource, view: ElfView): Promise<Frames | undefined> {
  const section = view.sections.find(({ name, size }) => name === ".eh_frame" && size > 0);
  const address = section?.address || (await frameAddress(source, view));
  if (address === undefined) return undefined;
  const bytes = await readAtAddress(source, view, address, Math.min(section?.size ?? mostFrameBytes, mostFrameBytes));
  return { address, reader: new Reader(bytes, ".eh_frame", 0, view.littleEndian) };
}

/** .eh_frame_hdr: version 1, three encodings, then the encoded address of .eh_frame. */
async function frameAddress(source: ByteSource, view: ElfView): Promise<number | undefined> {
  const segment = view.programHeaders.find(({ type }) => type === PT_GNU_EH_FRAME);
  if (segment === undefined) return undefined;
  const reader = new Reader(await readAtAddress(source, view, segment.address, 16), ".eh_frame_hdr", 0, view.littleEndian);
  if (reader.length < 16 || reader.u8(0) !== 1) return undefined;
  return readEncoded(reader, 4, reader.u8(1), { self: segment.address + 4, header: segment.address }, view.class)?.value;
}

/** Walks the entries one after the other: a length, then 0 for a CIE or the distance back to the FDE's CIE. */
function* frameRanges({ address, reader }: Frames, view: ElfView): Generator<UnwindRange> {
  const encodings = new Map<number, number | undefined>();
  let entries = 0;
  for (let at = 0; reader.has(at, 8) && entries < mostEntries; entries++) {
    const length = reader.u32(at);
    // 0 ends the section, all ones announces the 64-bit form, which no compiler uses here.
    if (length < 4 || length >= 0xfffffff0 || !reader.has(at + 4, length)) return;
    const back = reader.u32(at + 4);
    const cieAt = at + 4 - back;
    if (back !== 0 && cieAt >= 0) {
      if (!encodings.has(cieAt)) encodings.set(cieAt, pointerEncoding(reader, cieAt, view.class));
      const start = encodings.get(cieAt);
      const range = start === undefined ? undefined : readRange(reader, at + 8, at + 4 + length, start, address, view.class);
      if (range !== undefined) yield range;
    }
    at += 4 + length;
  }
}

function readRange(
  reader: Reader,
  at: number,
  end: number,
  how: number,
  address: number,
  elfClass: 32 | 64,
): UnwindRange | undefined {
  const start = readEncoded(reader, at, how, { self: address + at }, elfClass);
  const size = start && readEncoded(reader, start.next, how & 0x0f, noBases, elfClass);
  if (start === undefined || size === undefined || size.next > end || !(size.value > 0)) return undefined;
  return { start: start.value, size: size.value };
}

/** The encoding of pointers in the FDEs of a CIE: absolute unless its augmentation string has an R. */
function pointerEncoding(reader: Reader, at: number, elfClass: 32 | 64): number | undefined {
  if (!reader.has(at, 12) || reader.u32(at + 4) !== 0) return undefined;
  const augmentation = reader.string(at + 9, 16);
  if (augmentation === undefined) return undefined;
  if (!augmentation.startsWith("z")) return augmentation === "" ? encoding.absptr : undefined;
  // Code alignment, data alignment and return register, then the augmentation's length: all LEB128 (a byte in version 1).
  let next: number | undefined = at + 9 + augmentation.length + 1;
  for (let field = 0; field < 4 && next !== undefined; field++) next = afterLeb(reader, next);
  for (const letter of augmentation.slice(1)) {
    if (next === undefined || !reader.has(next, 1)) return undefined;
    if (letter === "R") return reader.u8(next);
    if (letter === "L") next++;
    else if (letter === "P") next = afterPointer(reader, next + 1, reader.u8(next), elfClass);
    else if (letter !== "S" && letter !== "B" && letter !== "G") return undefined;
  }
  return encoding.absptr;
}

function afterLeb(reader: Reader, at: number): number | undefined {
  for (let next = at; next < at + 10; next++) {
    if (!reader.has(next, 1)) return undefined;
    if ((reader.u8(next) & 0x80) === 0) return next + 1;
  }
  return undefined;
}

function afterPointer(reader: Reader, at: number, how: number, elfClass: 32 | 64): number | undefined {
  if (how === encoding.omit) return at;
  const format = how & 0x0f;
  const size = format === encoding.absptr ? elfClass / 8 : sizes[format];
  return size === undefined ? afterLeb(reader, at) : at + size;
}

/** What an encoded value can be relative to: its own address, and that of .eh_frame_hdr. */
interface Bases {
  readonly self: number;
  readonly header?: number;
}

const noBases: Bases = { self: 0 };

/** One encoded value; undefined for encodings that no .eh_frame of Linux uses, and for values that are no addresses. */
function readEncoded(
  reader: Reader,
  at: number,
  how: number,
  bases: Bases,
  elfClass: 32 | 64,
): { value: number; next: number } | undefined {
  const format = how & 0x0f;
  const size = format === encoding.absptr ? elfClass / 8 : sizes[format];
  const base = { [relativeTo.nothing]: 0, [relativeTo.self]: bases.self, [relativeTo.header]: bases.header }[how & 0xf0];
  if (size === undefined || base === undefined || !reader.has(at, size)) return undefined;
  const isSigned = format >= encoding.sdata2 || format === encoding.absptr;
  const value = base + readInteger(reader, at, size, isSigned);
  return Number.isSafeInteger(value) && value >= 0 ? { value, next: at + size } : undefined;
}

function readInteger(reader: Reader, at: number, size: number, isSigned: boolean): number {
  if (size === 8) return isSigned ? reader.i64(at) : reader.clamped64(at);
  if (size === 4) return isSigned ? reader.i32(at) : reader.u32(at);
  return isSigned ? (reader.u16(at) << 16) >> 16 : reader.u16(at);
}
