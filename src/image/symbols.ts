/** Names for addresses, from wherever a program has kept them. */
import type { ByteSource } from "../bytes/source.js";
import { rangeAt } from "./address.js";
import { ET_REL } from "./elf-header.js";
import { SHT_DYNSYM, SHT_SYMTAB } from "./elf-sections.js";
import type { CodeSymbol, ElfView, ZipTail } from "./image.js";
import { dynamicSymbols, type SymbolTable, sectionSymbols } from "./symbol-table.js";
import { readZipSymbols } from "./zip-symbols.js";

const STT_NOTYPE = 0;
const STT_OBJECT = 1;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
const SHN_ABS = 0xfff1;
/** What one address can be called. Names may overlap, so a hostile table could spell out gigabytes at one. */
const MOST_NAMES = 512;

/**
 * Reads the symbols of a view, those of code and of data, in the order of their tables: `.symtab`, `.dynsym` (through the
 * section headers or, without them, the dynamic section), and what apelink leaves in the zip archive of an APE. A name that
 * is given twice to one address (by two tables, or with two versions) is given once. Object files have none: their addresses are not yet decided.
 * Damaged tables give fewer symbols, never an error.
 */
export async function readSymbols(source: ByteSource, view: ElfView, zip: ZipTail | undefined): Promise<CodeSymbol[]> {
  if (view.type === ET_REL) return [];
  const symbols: CodeSymbol[] = [];
  const known = new Map<number, CodeSymbol | Set<string>>();
  const add = (more: Iterable<CodeSymbol>): void => {
    for (const symbol of more) if (isNew(known, symbol)) symbols.push(symbol);
  };
  const table = await sectionSymbols(source, view, SHT_SYMTAB);
  if (table !== undefined) add(codeSymbols(view, table, "symtab"));
  const dynamic = (await dynamicSymbols(source, view)) ?? (await sectionSymbols(source, view, SHT_DYNSYM));
  if (dynamic !== undefined) add(codeSymbols(view, dynamic, "dynsym"));
  if (zip === undefined) return symbols;
  add(await readZipSymbols(source, view, zip));
  return symbols;
}

/** Remembers the symbol; false where its address had the name before. Nearly all addresses have one name only, which is not read then. */
function isNew(known: Map<number, CodeSymbol | Set<string>>, symbol: CodeSymbol): boolean {
  const before = known.get(symbol.address);
  if (before === undefined) {
    known.set(symbol.address, symbol);
    return true;
  }
  const names = before instanceof Set ? before : new Set([before.name]);
  known.set(symbol.address, names);
  return names.size < MOST_NAMES && names.size < names.add(symbol.name).size;
}

function* codeSymbols(view: ElfView, table: SymbolTable, from: "symtab" | "dynsym"): Generator<CodeSymbol> {
  for (let index = 1; index < table.count; index++) {
    const { type, section } = table.kindOf(index);
    const isFunction = type === STT_FUNC || type === STT_GNU_IFUNC;
    if (section === 0 || (!isFunction && type !== STT_NOTYPE && type !== STT_OBJECT)) continue;
    const { name, value, size } = table.symbol(index);
    // Absolute symbols are constants of a linker script unless they lie in memory; $x, $d mark code and data on ARM and RISC-V.
    if (name === "" || !Number.isFinite(value) || (type === STT_NOTYPE && name.startsWith("$"))) continue;
    if (section === SHN_ABS && rangeAt(view, value) === undefined) continue;
    yield { name, address: value, size: Number.isFinite(size) ? size : 0, isFunction, isObject: type === STT_OBJECT, from };
  }
}
