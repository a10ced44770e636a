/** Section headers, symbol table and string tables of an ELF file, as one run of bytes behind the loaded parts. */

import type { Assembler } from "./assembler.js";
import { type Layout, up } from "./layout.js";
import { SECTION_NAMES, type SectionName } from "./sections.js";

const SHDR = 64;
const SYM = 24;
const SHT = { PROGBITS: 1, SYMTAB: 2, STRTAB: 3, DYNAMIC: 6, NOBITS: 8 } as const;
/** SHF_ALLOC 2, SHF_WRITE 1, SHF_EXECINSTR 4. */
const FLAGS: Record<SectionName, number> = { text: 6, rodata: 2, data: 3, bss: 3 };

interface Header {
  readonly name: string;
  readonly type: number;
  readonly flags?: number;
  readonly address?: number;
  readonly offset: number;
  readonly size: number;
  /** "names": the section of section names, for want of another string table. */
  readonly link?: number | "names";
  readonly info?: number;
  readonly entrySize?: number;
  readonly align?: number;
}

export interface SectionTables {
  readonly bytes: Uint8Array;
  /** File offset of the section header table. */
  readonly shoff: number;
  readonly shnum: number;
}

/** Builds the tables that follow file offset `layout.fileSize` (System V gABI, chapter 4, "Sections"). */
export function sectionTables(program: Assembler, layout: Layout, symbols: boolean): SectionTables {
  const headers: Header[] = [{ name: "", type: 0, offset: 0, size: 0 }];
  // The last thing in the data section of a position-independent program.
  const dynamic = program.labels.find((label) => label.name === "_DYNAMIC");
  const present = SECTION_NAMES.filter((name) => program.size(name) > 0);
  for (const name of present) {
    const address = layout.addresses[name];
    const offset = name === "bss" ? layout.fileSize : address - layout.base;
    const type = name === "bss" ? SHT.NOBITS : SHT.PROGBITS;
    const rest = name === "data" && dynamic ? dynamic.offset : program.size(name);
    headers.push({ name: `.${name}`, type, flags: FLAGS[name], address, offset, size: rest, align: 16 });
  }
  if (dynamic) {
    const address = layout.addresses.data + dynamic.offset;
    const place = { address, offset: address - layout.base, size: program.size("data") - dynamic.offset };
    headers.push({ name: ".dynamic", type: SHT.DYNAMIC, flags: FLAGS.data, ...place, link: "names", entrySize: 16, align: 8 });
  }
  const parts: Uint8Array[] = [];
  let end = layout.fileSize;
  const append = (bytes: Uint8Array): number => {
    const at = up(end, 8);
    parts.push(new Uint8Array(at - end), bytes);
    end = at + bytes.length;
    return at;
  };
  if (symbols) {
    const { table, strings } = symbolTable(program, layout, present);
    const link = headers.length + 1;
    const symtab = { name: ".symtab", type: SHT.SYMTAB, offset: append(table), size: table.length };
    headers.push({ ...symtab, link, info: 1, entrySize: SYM, align: 8 });
    headers.push({ name: ".strtab", type: SHT.STRTAB, offset: append(strings), size: strings.length });
  }
  const names = new Strings();
  const nameOffsets = [...headers.map((header) => names.add(header.name)), names.add(".shstrtab")];
  const nameBytes = names.bytes();
  headers.push({ name: ".shstrtab", type: SHT.STRTAB, offset: append(nameBytes), size: nameBytes.length });

  const table = new Uint8Array(headers.length * SHDR);
  const view = new DataView(table.buffer);
  headers.forEach((header, i) => {
    const at = i * SHDR;
    view.setUint32(at, nameOffsets[i], true);
    view.setUint32(at + 4, header.type, true);
    const words = [header.flags ?? 0, header.address ?? 0, header.offset, header.size];
    words.forEach((word, n) => {
      view.setBigUint64(at + 8 + 8 * n, BigInt(word), true);
    });
    view.setUint32(at + 40, header.link === "names" ? headers.length - 1 : (header.link ?? 0), true);
    view.setUint32(at + 44, header.info ?? 0, true);
    view.setBigUint64(at + 48, BigInt(i === 0 ? 0 : (header.align ?? 1)), true);
    view.setBigUint64(at + 56, BigInt(header.entrySize ?? 0), true);
  });
  const shoff = append(table);
  const bytes = new Uint8Array(end - layout.fileSize);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, shoff, shnum: headers.length };
}

/** Global symbols; the size of each reaches to the next symbol of its section. */
function symbolTable(
  program: Assembler,
  layout: Layout,
  present: readonly SectionName[],
): { table: Uint8Array; strings: Uint8Array } {
  const labels = program.labels.filter((label) => label.type !== "plain");
  const strings = new Strings();
  const table = new Uint8Array((labels.length + 1) * SYM);
  const view = new DataView(table.buffer);
  labels.forEach((label, i) => {
    const at = (i + 1) * SYM;
    const later = labels
      .filter((other) => other.section === label.section && other.offset > label.offset)
      .map((other) => other.offset);
    const size = Math.min(program.size(label.section), ...later) - label.offset;
    view.setUint32(at, strings.add(label.name), true);
    table[at + 4] = (1 << 4) | (label.type === "function" ? 2 : 1);
    view.setUint16(at + 6, 1 + present.indexOf(label.section), true);
    view.setBigUint64(at + 8, BigInt(layout.addresses[label.section] + label.offset), true);
    view.setBigUint64(at + 16, BigInt(size), true);
  });
  return { table, strings: strings.bytes() };
}

class Strings {
  #text = "\0";
  add(name: string): number {
    if (!name) return 0;
    const at = this.#text.length;
    this.#text += `${name}\0`;
    return at;
  }
  bytes(): Uint8Array {
    return new TextEncoder().encode(this.#text);
  }
}
