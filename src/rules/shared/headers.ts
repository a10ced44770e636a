/** What the rules about ELF headers share: which files gVisor's loader reads, its table of program headers, and edits of it. */

import { hex } from "../../errors.js";
import { gvisorSource } from "../../gvisor/gvisor.js";
import { PT_LOAD } from "../../image/elf-segments.js";
import type { ElfView, ProgramHeader } from "../../image/image.js";
import type { Change, Site, Subject } from "../define.js";
import { hexOf } from "./sites.js";

/** Address of gVisor's ELF loader, at a line. */
export const loaderSource = (line: number) => gvisorSource("pkg/sentry/loader/elf.go", line);

export const PT_NULL = 0;
export const PT_PHDR = 6;
export const PAGE = 4096;
/** Size of an Elf64_Phdr, and where its fields are (gABI chapter 5). */
export const ENTRY = 56;
const FIELDS = { type: 0, flags: 4, offset: 8, address: 16, physical: 24, fileSize: 32, memorySize: 40, align: 48 } as const;

/**
 * Whether gVisor's loader would load the file itself: a program, or a dynamic linker. What ld.so loads as a library never meets it. An
 * APE is mapped by a loader of its own, and what `fix` makes of it is checked again.
 */
export function isStarted({ image, view }: Subject): boolean {
  if (image.kind !== "elf" || view.class !== 64) return false;
  if (view.machine !== "x86-64" && view.machine !== "aarch64") return false;
  if (view.type === 2) return true;
  if (view.type !== 3) return false;
  const isLinker = view.soname !== undefined && /^ld-/.test(view.soname);
  return (
    view.interpreter !== undefined || isLinker || (view.entry !== 0 && view.soname === undefined && view.needed.length === 0)
  );
}

export interface Load extends ProgramHeader {
  /** Its number in the table. */
  readonly index: number;
}

/** The PT_LOADs in the table's order, empty ones too: gVisor's loader counts those as well. */
export function loadsOf(view: ElfView): Load[] {
  return view.programHeaders.flatMap((header, index) => (header.type === PT_LOAD ? [{ ...header, index }] : []));
}

/** Those that begin below the end of the one before: what gVisor's loader refuses. */
export function outOfOrder(loads: readonly Load[]): Load[] {
  return loads.filter((load, i) => i > 0 && load.address < loads[i - 1].address + loads[i - 1].memorySize);
}

/** The PT_LOAD that the table of program headers itself lies in, by file offset (Linux's fs/binfmt_elf.c looks so since 5.18). */
export function loadOfTable(view: ElfView, loads: readonly Load[] = loadsOf(view)): Load | undefined {
  const at = view.programHeaderOffset;
  return loads.find((load) => load.offset <= at && at < load.offset + load.fileSize);
}

/** The program header of that number as a site. */
export async function headerSite({ source, view }: Subject, index: number, role: string): Promise<Site> {
  const fileOffset = view.programHeaderOffset + ENTRY * index;
  const header = view.programHeaders[index];
  const end = header.address + header.memorySize;
  const words = `program header ${index}: type ${header.type}, file offset ${hex(header.offset)}, ${hex(header.fileSize)} bytes, address ${hex(header.address)} to ${hex(end)}`;
  return site(fileOffset, await source.read(fileOffset, ENTRY), words, role);
}

export function site(fileOffset: number, bytes: Uint8Array, text: string, role: string): Site {
  return { address: undefined, fileOffset, bytes: hexOf(bytes), text, inFunction: undefined, evidence: "header", role };
}

/** The table as bytes that can be changed, and the changes that come of it: those fields that differ and no others. */
export class HeaderTable {
  readonly #view: ElfView;
  readonly #before: Uint8Array;
  readonly bytes: Uint8Array;

  private constructor(view: ElfView, bytes: Uint8Array) {
    this.#view = view;
    this.#before = bytes;
    this.bytes = new Uint8Array(bytes);
  }

  static async read({ source, view }: Subject): Promise<HeaderTable> {
    return new HeaderTable(view, await source.read(view.programHeaderOffset, ENTRY * view.programHeaders.length));
  }

  set(index: number, field: keyof typeof FIELDS, value: number): void {
    const at = ENTRY * index + FIELDS[field];
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset);
    if (field === "type" || field === "flags") view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
  }

  /** The entry as it is now. */
  entry(index: number): Uint8Array {
    return this.bytes.slice(ENTRY * index, ENTRY * (index + 1));
  }

  put(index: number, entry: Uint8Array): void {
    this.bytes.set(entry, ENTRY * index);
  }

  /** One change for each entry that differs, from the first byte to the last. */
  changes(what: (index: number) => string): Change[] {
    const changes: Change[] = [];
    for (let index = 0; index < this.bytes.length / ENTRY; index++) {
      let [from, to] = [ENTRY * index, ENTRY * (index + 1)];
      while (from < to && this.bytes[from] === this.#before[from]) from++;
      while (to > from && this.bytes[to - 1] === this.#before[to - 1]) to--;
      if (from === to) continue;
      const [before, after] = [this.#before.subarray(from, to), this.bytes.subarray(from, to)];
      changes.push(change(this.#view.programHeaderOffset + from, before, after, what(index)));
    }
    return changes;
  }
}

export function change(fileOffset: number, before: Uint8Array, after: Uint8Array, what: string): Change {
  return { fileOffset, address: undefined, before: hexOf(before), after: hexOf(after), evidence: "header", what };
}

/** A change of an eight-byte field of the ELF header. */
export function headerChange(view: ElfView, at: number, value: number, what: string): Change {
  const after = new Uint8Array(8);
  new DataView(after.buffer).setBigUint64(0, BigInt(value), true);
  return change(at, view.header.subarray(at, at + 8), after, what);
}

export interface Cave {
  /** The PT_LOAD that grows over it. */
  readonly load: Load;
  /** From the start of the file. */
  readonly offset: number;
  readonly address: number;
}

/**
 * Room for `size` bytes behind the end of a PT_LOAD: zeros in the file that nothing owns, on a page that is mapped anyway. The load has
 * to grow over it, since gVisor up to April 2025 cleared what lies behind the end.
 */
export async function findCave(subject: Subject, size: number, suits: (load: Load) => boolean): Promise<Cave | undefined> {
  const { source, view } = subject;
  const loads = loadsOf(view);
  for (const load of loads) {
    if (load.fileSize === 0 || load.fileSize !== load.memorySize || !suits(load)) continue;
    const offset = Math.ceil((load.offset + load.fileSize) / 16) * 16;
    const end = offset + size;
    if (Math.floor((end - 1) / PAGE) !== Math.floor((load.offset + load.fileSize - 1) / PAGE)) continue;
    const address = load.address + (offset - load.offset);
    const isTaken =
      loads.some((other) => other !== load && meets(other.offset, other.fileSize, offset, end)) ||
      loads.some((other) => other !== load && meets(other.address, other.memorySize, address, address + size)) ||
      view.sections.some((section) => section.type !== NOBITS && meets(section.offset, section.size, offset, end)) ||
      meets(view.programHeaderOffset, ENTRY * view.programHeaders.length, offset, end);
    if (isTaken) continue;
    const bytes = await source.read(load.offset + load.fileSize, end - load.offset - load.fileSize);
    if (bytes.length === end - load.offset - load.fileSize && bytes.every((byte) => byte === 0)) return { load, offset, address };
  }
  return undefined;
}

const NOBITS = 8;

const meets = (start: number, size: number, from: number, to: number): boolean => start < to && start + size > from;
