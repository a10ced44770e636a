/** Writes an assembled program as an ELF64 executable for Linux, fixed (ET_EXEC) or loading anywhere (static-pie, ET_DYN). */

import type { Assembler } from "./assembler.js";
import { sectionTables } from "./elf-sections.js";
import { type Built, built, type Layout, layOut, PAGE, PF, place } from "./layout.js";

export const ET_EXEC = 2;
export const ET_DYN = 3;
export const EM_X86_64 = 62;
export const EM_AARCH64 = 183;
const EHDR = 64;
const PHDR = 56;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_GNU_STACK = 0x6474e551;

export interface ElfHeaderFields {
  readonly type: number;
  readonly machine: number;
  readonly entry: number;
  readonly phoff: number;
  readonly phnum: number;
  readonly osabi?: number;
  readonly flags?: number;
  readonly shoff?: number;
  readonly shnum?: number;
  readonly shstrndx?: number;
}

/** The 64 bytes of an Elf64_Ehdr, little-endian (System V gABI, chapter 4, "ELF Header"). */
export function elfHeader(fields: ElfHeaderFields): Uint8Array {
  const out = new Uint8Array(EHDR);
  const view = new DataView(out.buffer);
  out.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, fields.osabi ?? 0]);
  view.setUint16(16, fields.type, true);
  view.setUint16(18, fields.machine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(fields.entry), true);
  view.setBigUint64(32, BigInt(fields.phoff), true);
  view.setBigUint64(40, BigInt(fields.shoff ?? 0), true);
  view.setUint32(48, fields.flags ?? 0, true);
  view.setUint16(52, EHDR, true);
  view.setUint16(54, PHDR, true);
  view.setUint16(56, fields.phnum, true);
  view.setUint16(58, fields.shnum ? 64 : 0, true);
  view.setUint16(60, fields.shnum ?? 0, true);
  view.setUint16(62, fields.shstrndx ?? 0, true);
  return out;
}

export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly align: number;
}

/** A program header table (System V gABI, chapter 5). */
export function programHeaders(segments: readonly Segment[]): Uint8Array {
  const out = new Uint8Array(segments.length * PHDR);
  const view = new DataView(out.buffer);
  segments.forEach((segment, i) => {
    const at = i * PHDR;
    view.setUint32(at, segment.type, true);
    view.setUint32(at + 4, segment.flags, true);
    const words = [segment.offset, segment.address, segment.address, segment.fileSize, segment.memorySize, segment.align];
    words.forEach((word, n) => {
      view.setBigUint64(at + 8 + 8 * n, BigInt(word), true);
    });
  });
  return out;
}

/** PT_LOADs of a layout, and PT_GNU_STACK with the flags given (undefined: none). */
export function segmentsOf(layout: Layout, stackFlags: number | undefined, align = PAGE): Segment[] {
  const segments: Segment[] = layout.loads.map((load) => ({ ...load, type: PT_LOAD, align }));
  const nothing = { offset: 0, address: 0, fileSize: 0, memorySize: 0, align: 16 };
  if (stackFlags !== undefined) segments.push({ type: PT_GNU_STACK, flags: stackFlags, ...nothing });
  return segments;
}

export interface ElfOptions {
  /** Label of the first instruction; "_start" by default. */
  readonly entry?: string;
  /** "exec" loads at `base`, "pie" anywhere (and then refuses absolute addresses). */
  readonly kind?: "exec" | "pie";
  readonly base?: number;
  /** Section headers with names; off by default. */
  readonly sections?: boolean;
  /** .symtab from function and object labels; implies `sections`. */
  readonly symbols?: boolean;
  /** Headers in a read-only segment in front of the text. */
  readonly separateHead?: boolean;
  /** p_flags of PT_GNU_STACK; readable and writable by default, "none" for no such header. */
  readonly stack?: number | "none";
  readonly osabi?: number;
  /** e_flags */
  readonly flags?: number;
}

/** Assembles `program` into an ELF file that plain Linux and gVisor's loader both take. */
export function writeElf(program: Assembler, options: ElfOptions = {}): Built {
  const { kind = "exec", entry = "_start", separateHead = false, symbols = false, sections = symbols } = options;
  const pie = kind === "pie";
  if (pie) addDynamic(program);
  const stackFlags = options.stack === "none" ? undefined : (options.stack ?? PF.R | PF.W);
  const lay = (headSize: number): Layout =>
    layOut(program, { base: pie ? 0 : (options.base ?? 0x400000), headSize, separateHead });
  const count = segmentsOf(lay(0), stackFlags).length + (pie ? 1 : 0) + (separateHead ? 1 : 0);
  const layout = lay(EHDR + count * PHDR);
  const segments = segmentsOf(layout, stackFlags);
  if (pie) {
    const address = program.addressOf("_DYNAMIC", layout.addresses);
    const where = { offset: address - layout.base, address, fileSize: 32, memorySize: 32, align: 8 };
    segments.push({ type: PT_DYNAMIC, flags: PF.R | PF.W, ...where });
  }
  const tables = sections ? sectionTables(program, layout, symbols) : undefined;
  const bytes = new Uint8Array(layout.fileSize + (tables?.bytes.length ?? 0));
  place(bytes, program, layout, pie);
  if (tables) bytes.set(tables.bytes, layout.fileSize);
  const header = elfHeader({
    type: pie ? ET_DYN : ET_EXEC,
    machine: EM_X86_64,
    entry: program.addressOf(entry, layout.addresses),
    phoff: EHDR,
    phnum: segments.length,
    osabi: options.osabi ?? 0,
    flags: options.flags ?? 0,
    ...(tables && { shoff: tables.shoff, shnum: tables.shnum, shstrndx: tables.shnum - 1 }),
  });
  bytes.set(header, 0);
  bytes.set(programHeaders(segments), EHDR);
  return built(bytes, program, layout);
}

/** A dynamic section as a static-pie has it, without relocations: DT_FLAGS_1 with DF_1_PIE, then DT_NULL. */
function addDynamic(program: Assembler): void {
  program.section("data").align(8).object("_DYNAMIC").u64(0x6ffffffb).u64(0x08000000).zeros(16).section("text");
}
