/** Section headers. Nothing needs them to load a program, so damage in them is a note and never an error. */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { type ElfHeader, layoutOf, type RawSection } from "./elf-header.js";
import type { SectionHeader } from "./image.js";

export const SHT_SYMTAB = 2;
export const SHT_DYNSYM = 11;

/** More than any linker has been seen to write (an object built with -ffunction-sections has some ten thousand). */
const mostSections = 1 << 18;
const mostNameBytes = 16 * 1024 * 1024;
/** Mangled C++ section names reach a few hundred bytes. */
const longestName = 1024;
const SHN_XINDEX = 0xffff;

/** Reads the section headers with their names; an empty list and a note where they are damaged, an empty list where there are none. */
export async function readSections(source: ByteSource, header: ElfHeader, notes: string[]): Promise<SectionHeader[]> {
  if (header.shoff === 0) return [];
  const layout = layoutOf(header.class).section;
  if (header.shnum === 0 && header.shentsize === 0) return [];
  const damage = (what: string): SectionHeader[] => {
    notes.push(`the section headers are left aside: ${what}`);
    return [];
  };
  if (header.shentsize !== layout.size) return damage(`e_shentsize is ${header.shentsize}, not ${layout.size}`);
  if (!(header.shoff + layout.size <= source.size)) return damage("they lie past the end of the file");

  // gABI: with more than 0xfeff sections the count is sh_size of section 0, the name table's index its sh_link.
  const first = new Reader(await source.read(header.shoff, layout.size), "section header 0", header.shoff, header.littleEndian);
  const zero = layout.read(first, 0);
  const count = header.shnum === 0 ? zero.size : header.shnum;
  const namesIndex = header.shstrndx === SHN_XINDEX ? zero.link : header.shstrndx;
  if (!(count <= mostSections)) return damage(`there would be ${count} of them`);
  if (header.shoff + count * layout.size > source.size) return damage(`${count} of them run past the end of the file`);

  const bytes = await source.read(header.shoff, count * layout.size);
  const reader = new Reader(bytes, "the section headers", header.shoff, header.littleEndian);
  const raw = Array.from({ length: count }, (_, index) => layout.read(reader, index * layout.size));
  const names = await readNames(source, raw[namesIndex], notes);
  return raw.map((section) => ({
    name: names?.string(section.nameOffset, longestName) ?? "",
    type: section.type,
    flags: section.flags,
    address: section.address,
    offset: section.offset,
    size: section.size,
    link: section.link,
    info: section.info,
    entrySize: section.entrySize,
    align: section.align,
  }));
}

async function readNames(source: ByteSource, table: RawSection | undefined, notes: string[]): Promise<Reader | undefined> {
  if (table === undefined || table.size === 0) return undefined;
  if (!(table.size <= mostNameBytes && table.offset + table.size <= source.size)) {
    notes.push("the section names are left aside: their string table lies outside the file");
    return undefined;
  }
  return new Reader(await source.read(table.offset, table.size), "the section names", table.offset);
}
