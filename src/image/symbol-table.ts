/** Symbol tables as an ELF file holds them (gABI chapter 4, "Symbol Table"), found through sections or the dynamic section. */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { readAtAddress } from "./address.js";
import { SHT_DYNSYM } from "./elf-sections.js";
import type { ElfView, SectionHeader } from "./image.js";

/** Two million names: a browser with debug symbols has about one. */
const mostSymbols = 2 * 1024 * 1024;
const mostStringBytes = 256 * 1024 * 1024;
const longestName = 4096;

/** One symbol as it stands in the table. */
export interface RawSymbol {
  readonly name: string;
  readonly value: number;
  readonly size: number;
  /** STT_*: the low four bits of st_info. */
  readonly type: number;
  /** st_shndx, 0 for a symbol that another file defines. */
  readonly section: number;
}

/** A table with its names, read on demand: symbols are decoded one by one. */
export class SymbolTable {
  readonly count: number;
  readonly #entries: Reader;
  readonly #names: Reader;
  readonly #is64: boolean;
  /** Names may overlap, so a hostile table could spell out gigabytes; this many bytes of names are decoded at most. */
  #nameBudget: number;

  constructor(entries: Reader, names: Reader, is64: boolean) {
    this.#entries = entries;
    this.#names = names;
    this.#is64 = is64;
    this.count = Math.min(mostSymbols, Math.floor(entries.length / entrySize(is64)));
    this.#nameBudget = 4 * names.length + 1024 * 1024;
  }

  /** STT_* and st_shndx, without the cost of decoding the name. Throws InputError for an index past the table. */
  kindOf(index: number): { type: number; section: number } {
    const at = index * entrySize(this.#is64);
    const entries = this.#entries;
    return this.#is64
      ? { type: entries.u8(at + 4) & 15, section: entries.u16(at + 6) }
      : { type: entries.u8(at + 12) & 15, section: entries.u16(at + 14) };
  }

  /** The symbol at `index`; its name is empty where it lies outside the string table. */
  symbol(index: number): RawSymbol {
    const at = index * entrySize(this.#is64);
    const entries = this.#entries;
    const value = this.#is64 ? entries.clamped64(at + 8) : entries.u32(at + 4);
    const size = this.#is64 ? entries.clamped64(at + 16) : entries.u32(at + 8);
    return { ...this.kindOf(index), name: this.#name(entries.u32(at)), value, size };
  }

  #name(offset: number): string {
    if (this.#nameBudget <= 0) return "";
    const name = this.#names.string(offset, longestName);
    this.#nameBudget -= name?.length ?? longestName;
    return name ?? "";
  }
}

function entrySize(is64: boolean): 24 | 16 {
  return is64 ? 24 : 16;
}

/** The table in the section of type SHT_SYMTAB or SHT_DYNSYM, undefined where there is none or it lies outside the file. */
export async function sectionSymbols(source: ByteSource, view: ElfView, type: number): Promise<SymbolTable | undefined> {
  const section = view.sections.find((candidate) => candidate.type === type);
  const strings = section && view.sections[section.link];
  if (section === undefined || strings === undefined || !isInFile(section, source) || !isInFile(strings, source))
    return undefined;
  if (strings.size > mostStringBytes) return undefined;
  const is64 = view.class === 64;
  const size = Math.min(section.size, mostSymbols * entrySize(is64));
  const [entries, names] = await Promise.all([source.read(section.offset, size), source.read(strings.offset, strings.size)]);
  return new SymbolTable(
    new Reader(entries, "the symbol table", section.offset, view.littleEndian),
    new Reader(names, "the symbol names", strings.offset),
    is64,
  );
}

function isInFile(section: SectionHeader, source: ByteSource): boolean {
  return section.size > 0 && section.offset + section.size <= source.size;
}

/** The dynamic symbol table, through PT_DYNAMIC as the dynamic linker finds it. Undefined where there is none. */
export async function dynamicSymbols(source: ByteSource, view: ElfView): Promise<SymbolTable | undefined> {
  const { dynamic } = view;
  if (dynamic?.symbols === undefined || dynamic.strings === undefined) return undefined;
  const is64 = view.class === 64;
  const count = Math.min(mostSymbols, await dynamicSymbolCount(source, view));
  const entries = await readAtAddress(source, view, dynamic.symbols, count * entrySize(is64));
  const names = await readAtAddress(source, view, dynamic.strings.address, Math.min(dynamic.strings.size, mostStringBytes));
  return new SymbolTable(
    new Reader(entries, "the dynamic symbol table", 0, view.littleEndian),
    new Reader(names, "the dynamic symbol names"),
    is64,
  );
}

/** How many dynamic symbols there are, which only the hash tables tell; 0 where nothing does. */
async function dynamicSymbolCount(source: ByteSource, view: ElfView): Promise<number> {
  const { dynamic } = view;
  if (dynamic === undefined) return 0;
  const section = view.sections.find((candidate) => candidate.type === SHT_DYNSYM && candidate.address === dynamic.symbols);
  if (section !== undefined) return Math.floor(section.size / entrySize(view.class === 64));
  if (dynamic.hash !== undefined) {
    // nchain is the second word (gABI chapter 5, "Hash Table"); s390x and Alpha have words of eight bytes.
    const wide = view.class === 64 && (view.machineCode === 22 || view.machineCode === 0x9026);
    const words = new Reader(await readAtAddress(source, view, dynamic.hash, 16), "DT_HASH", 0, view.littleEndian);
    if (words.length === 16) return wide ? words.clamped64(8) : words.u32(4);
  }
  if (dynamic.gnuHash !== undefined) return gnuHashCount(source, view, dynamic.gnuHash);
  // Linkers put the strings right behind the symbols; that is what is left to go by.
  const distance = (dynamic.strings?.address ?? 0) - (dynamic.symbols ?? 0);
  return distance > 0 ? Math.floor(distance / entrySize(view.class === 64)) : 0;
}

/**
 * DT_GNU_HASH: header (buckets, first symbol, bloom words, shift), bloom filter, buckets, then one word per symbol from the
 * first on, odd at the end of a chain. The count is one past the end of the highest chain.
 */
async function gnuHashCount(source: ByteSource, view: ElfView, address: number): Promise<number> {
  const header = new Reader(await readAtAddress(source, view, address, 16), "DT_GNU_HASH", 0, view.littleEndian);
  if (header.length < 16) return 0;
  const buckets = header.u32(0);
  const firstSymbol = header.u32(4);
  const bucketsAt = address + 16 + header.u32(8) * (view.class / 8);
  const table = new Reader(
    await readAtAddress(source, view, bucketsAt, Math.min(buckets, mostSymbols) * 4),
    "DT_GNU_HASH",
    0,
    view.littleEndian,
  );
  let last = 0;
  for (let at = 0; table.has(at, 4); at += 4) last = Math.max(last, table.u32(at));
  if (last < firstSymbol) return firstSymbol;
  const chainAt = bucketsAt + buckets * 4 + (last - firstSymbol) * 4;
  const chain = new Reader(await readAtAddress(source, view, chainAt, 65536), "DT_GNU_HASH", 0, view.littleEndian);
  for (let at = 0; chain.has(at, 4); at += 4) {
    last++;
    if ((chain.u32(at) & 1) === 1) break;
  }
  return last;
}
