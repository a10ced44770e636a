/** Files of the shapes that gVisor's loader minds, made of healthy ones: what probes and sample programs of the loader's rules are. */

import { programHeaders, type Segment } from "./elf-writer.js";
import { PAGE, PF, up } from "./layout.js";

export const PT_NULL = 0;
export const PT_LOAD = 1;
const PT_INTERP = 3;
/** Offsets of e_phoff and e_phnum in an Elf64_Ehdr, and the size of an Elf64_Phdr. */
const [E_PHOFF, E_PHNUM, ENTRY, EHDR] = [32, 56, 56, 64];

export const NOTHING: Segment = { type: PT_NULL, flags: 0, offset: 0, address: 0, fileSize: 0, memorySize: 0, align: 0 };

/** The program headers of an ELF64 file. */
export function headersOf(bytes: Uint8Array): Segment[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const at = Number(view.getBigUint64(E_PHOFF, true));
  return Array.from({ length: view.getUint16(E_PHNUM, true) }, (_, i) => {
    const word = (n: number) => Number(view.getBigUint64(at + ENTRY * i + n, true));
    const [type, flags] = [view.getUint32(at + ENTRY * i, true), view.getUint32(at + ENTRY * i + 4, true)];
    return { type, flags, offset: word(8), address: word(16), fileSize: word(32), memorySize: word(40), align: word(48) };
  });
}

/** The file with another table of program headers, at `at`: behind the ELF header by default. */
export function withHeaders(bytes: Uint8Array, headers: readonly Segment[], at = EHDR): Uint8Array {
  const out = new Uint8Array(Math.max(bytes.length, at + ENTRY * headers.length));
  out.set(bytes);
  out.set(programHeaders(headers), at);
  const view = new DataView(out.buffer);
  view.setBigUint64(E_PHOFF, BigInt(at), true);
  view.setUint16(E_PHNUM, headers.length, true);
  return out;
}

/** The program headers in a segment of their own at `address`: phdr-not-in-first-load. */
export function headersAway(bytes: Uint8Array, address: number): Uint8Array {
  const headers = headersOf(bytes);
  const at = up(bytes.length, PAGE);
  const size = ENTRY * (headers.length + 1);
  const own = { type: PT_LOAD, flags: PF.R, offset: at, address, fileSize: size, memorySize: size, align: PAGE };
  const isLoad = ({ type }: Segment): boolean => type === PT_LOAD;
  return withHeaders(bytes, [...headers.filter(isLoad), own, ...headers.filter((header) => !isLoad(header))], at);
}

/** The first two program headers in the wrong order: load-order, where both are PT_LOADs. */
export function firstTwoSwapped(bytes: Uint8Array): Uint8Array {
  const [first, second, ...rest] = headersOf(bytes);
  return withHeaders(bytes, [second, first, ...rest]);
}

/** So many empty program headers more: phdr-count. */
export function moreHeaders(bytes: Uint8Array, count: number): Uint8Array {
  return withHeaders(bytes, [...headersOf(bytes), ...new Array<Segment>(count).fill(NOTHING)], bytes.length);
}

/** One byte of the ELF header set: elf-ident, at 4 to 6. */
export function identByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const out = bytes.slice();
  out[at] = value;
  return out;
}

/** Every PT_LOAD with another p_align: pie-align. */
export function alignedTo(bytes: Uint8Array, align: number): Uint8Array {
  return withHeaders(
    bytes,
    headersOf(bytes).map((header) => (header.type === PT_LOAD ? { ...header, align } : header)),
  );
}

/** The PT_LOAD that holds `address` ends there, and what is behind it on the page belongs to nothing: load-tail-data. */
export function loadEndingAt(bytes: Uint8Array, address: number): Uint8Array {
  const headers = headersOf(bytes).map((header) => {
    const holds = header.type === PT_LOAD && address >= header.address && address < header.address + header.fileSize;
    return holds ? { ...header, fileSize: address - header.address, memorySize: address - header.address } : header;
  });
  return withHeaders(bytes, headers);
}

/** PT_INTERPs in front, one for each path; several are interp-duplicate. */
export function withInterpreters(bytes: Uint8Array, paths: readonly string[]): Uint8Array {
  const texts = paths.map((path) => new TextEncoder().encode(`${path}\0`));
  const out = new Uint8Array(bytes.length + texts.reduce((sum, text) => sum + text.length, 0));
  out.set(bytes);
  let at = bytes.length;
  const interpreters = texts.map((text) => {
    out.set(text, at);
    const header = { ...NOTHING, type: PT_INTERP, flags: PF.R, offset: at, address: at, align: 1 };
    at += text.length;
    return { ...header, fileSize: text.length, memorySize: text.length };
  });
  return withHeaders(out, [...interpreters, ...headersOf(bytes)]);
}

/** A further read-only PT_LOAD that takes three pages more from the file than it has, and has zeros behind them: bss-past-eof. */
export function loadPastEnd(bytes: Uint8Array, address: number): Uint8Array {
  const at = up(bytes.length, PAGE);
  const fileSize = 3 * PAGE + 100;
  const own = { type: PT_LOAD, flags: PF.R, offset: at, address, fileSize, memorySize: fileSize + 2 * PAGE, align: PAGE };
  return withHeaders(padded(bytes, at + 16), behindLoads(bytes, own));
}

/** A further read-only PT_LOAD whose p_filesz is above its p_memsz. */
export function loadSmallerThanItsBytes(bytes: Uint8Array, address: number): Uint8Array {
  const at = up(bytes.length, PAGE);
  const own = { type: PT_LOAD, flags: PF.R, offset: at, address, fileSize: 256, memorySize: 16, align: PAGE };
  return withHeaders(padded(bytes, at + 256), behindLoads(bytes, own));
}

/** The program headers with one more behind the last PT_LOAD. */
function behindLoads(bytes: Uint8Array, own: Segment): Segment[] {
  const headers = headersOf(bytes);
  const last = headers.findLastIndex((header) => header.type === PT_LOAD);
  return [...headers.slice(0, last + 1), own, ...headers.slice(last + 1)];
}

function padded(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  out.set(bytes);
  return out;
}
