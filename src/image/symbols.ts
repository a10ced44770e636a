/** Names for addresses, from wherever a program has kept them. */
import type { ByteSource } from "../bytes/source.js";
import { rangeAt } from "./address.js";
import { ET_REL } from "./elf-header.js";
import type { CodeSymbol, ElfView, ZipTail } from "./image.js";
import { dynamicSymbols, SHT_DYNSYM, SHT_SYMTAB, type SymbolTable, sectionSymbols } from "./symbol-table.js";
import { readZipSymbols } from "./zip-symbols.js";

const STT_NOTYPE = 0;
const STT_OBJECT = 1;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
const SHN_ABS = 0xfff1;

/**
 * Reads the symbols of a view, those of code and of data, in the order of their tables: `.symtab`, `.dynsym` (through the
 * section headers or, without them, the dynamic section), and what apelink leaves in the zip archive of an APE. A name that
 * is given twice to one address (by two tables, or with two versions) is given once. Object files have none: their addresses are not yet decided.
 * Damaged tables give fewer symbols, never an error.
 */
export async function readSymbols(source: ByteSource, view: ElfView, zip: ZipTail | undefined): Promise<CodeSymbol[]> {
  if (view.type === ET_REL) return [];
  const symbols: CodeSymbol[] = [];
  const namesAt = new Map<number, string | Set<string>>();
  const add = (more: Iterable<CodeSymbol>): void => {
    for (const symbol of more) if (isNew(namesAt, symbol)) symbols.push(symbol);
  };
  const table = await sectionSymbols(source, view, SHT_SYMTAB);
  if (table !== undefined) add(codeSymbols(view, table, "symtab"));
  const dynamic = (await dynamicSymbols(source, view)) ?? (await sectionSymbols(source, view, SHT_DYNSYM));
  if (dynamic !== undefined) add(codeSymbols(view, dynamic, "dynsym"));
  if (zip !== undefined) add(await readZipSymbols(source, view, zip));
  return symbols;
}

/** Remembers the symbol; false where its address had the name before. Nearly all addresses have one name only. */
function isNew(namesAt: Map<number, string | Set<string>>, { address, name }: CodeSymbol): boolean {
  const known = namesAt.get(address);
  if (known === undefined) namesAt.set(address, name);
  else if (typeof known !== "string") return known.size < known.add(name).size;
  else if (known === name) return false;
  else namesAt.set(address, new Set([known, name]));
  return true;
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
    yield { name, address: value, size: Number.isFinite(size) ? size : 0, isFunction, from };
  }
}
