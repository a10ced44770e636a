/** What the dynamic linker writes into a program before it runs: imported functions' addresses, and pointers to its own. */
import type { ByteSource } from "../bytes/source.js";
import { ET_REL } from "./elf-header.js";
import type { ElfView, ImportedFunction } from "./image.js";
import { loadRelocations, mostRelocations, readRelr, readWords } from "./relocation-tables.js";
import { dynamicSymbols, type SymbolTable } from "./symbol-table.js";

const STT_NOTYPE = 0;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;

/** Relocation numbers of one machine: a slot that gets a symbol's address, base + addend, what a resolver at it returns. */
interface Kinds {
  readonly slots: readonly number[];
  readonly relative: number;
  readonly irelative: number;
}

/** By e_machine, from the processor supplements of the System V ABI. */
const kindsByMachine: Readonly<Record<number, Kinds>> = {
  62: { slots: [1, 6, 7], relative: 8, irelative: 37 },
  3: { slots: [1, 6, 7], relative: 8, irelative: 42 },
  183: { slots: [257, 1025, 1026], relative: 1027, irelative: 1032 },
  40: { slots: [2, 21, 22], relative: 23, irelative: 160 },
  243: { slots: [1, 2, 5], relative: 3, irelative: 58 },
  20: { slots: [1, 20, 21], relative: 22, irelative: 248 },
  21: { slots: [38, 20, 21], relative: 22, irelative: 248 },
  22: { slots: [4, 22, 10, 11], relative: 12, irelative: 61 },
};

/**
 * The functions that other files provide, with the addresses of the slots (of the GOT, or pointers in data) that hold them
 * after relocation. In the order of their first relocation; empty for static programs and machines whose relocations are
 * not known here.
 */
export async function readImports(source: ByteSource, view: ElfView): Promise<ImportedFunction[]> {
  const kinds = kindsByMachine[view.machineCode];
  const symbols = kinds && (await dynamicSymbols(source, view));
  if (kinds === undefined || symbols === undefined) return [];
  const slotsOf = new Map<number, number[]>();
  for (const { at, type, symbol } of await loadRelocations(source, view, "of symbols")) {
    if (symbol >= symbols.count || !kinds.slots.includes(type)) continue;
    const slots = slotsOf.get(symbol);
    if (slots !== undefined) {
      slots.push(at);
      continue;
    }
    const kind = symbols.kindOf(symbol);
    const canBeFunction = kind.type === STT_FUNC || kind.type === STT_NOTYPE || kind.type === STT_GNU_IFUNC;
    if (kind.section === 0 && canBeFunction) slotsOf.set(symbol, [at]);
  }
  return [...slotsOf].map(([symbol, slots]) => withName(symbols, symbol, slots));
}

/** Few imported functions are ever asked for their names. */
function withName(symbols: SymbolTable, symbol: number, slots: readonly number[]): ImportedFunction {
  let name: string | undefined;
  return {
    get name() {
      name ??= symbols.symbol(symbol).name;
      return name;
    },
    slots,
  };
}

/**
 * Where the dynamic linker writes pointers to this program's own code and data: `at` is the word's address, `target` what
 * it points to (both virtual, before load bias). These are the function pointers of position-independent programs: relative
 * relocations, DT_RELR, the resolvers of IRELATIVE, and slots of symbols that this file defines itself.
 * At most four million.
 */
export async function readRelativeRelocations(source: ByteSource, view: ElfView): Promise<{ at: number; target: number }[]> {
  const kinds = kindsByMachine[view.machineCode];
  if (kinds === undefined || view.type === ET_REL) return [];
  const found: { at: number; target: number }[] = [];
  const inPlace: { at: number; base: number }[] = [];
  const symbols = await dynamicSymbols(source, view);
  const add = (at: number, base: number, addend: number | undefined): void => {
    if (addend === undefined) inPlace.push({ at, base });
    else found.push({ at, target: base + addend });
  };
  for (const { at, type, symbol, addend } of await loadRelocations(source, view)) {
    if (type === kinds.relative || type === kinds.irelative) add(at, 0, addend);
    else if (kinds.slots.includes(type) && symbols !== undefined && symbol > 0 && symbol < symbols.count) {
      if (symbols.kindOf(symbol).section !== 0) add(at, symbols.symbol(symbol).value, addend);
    }
  }
  for (const at of await readRelr(source, view, mostRelocations - found.length - inPlace.length)) inPlace.push({ at, base: 0 });
  const words = await readWords(
    source,
    view,
    inPlace.map(({ at }) => at),
  );
  for (const [index, { at, base }] of inPlace.entries()) {
    const word = words[index];
    if (word !== undefined) found.push({ at, target: base + word });
  }
  return found.filter(({ target }) => Number.isSafeInteger(target) && target > 0);
}
