/** Relocation tables as the dynamic linker finds them (gABI chapter 5, "Dynamic Section"), and the words they speak of. */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { readAtAddress } from "./address.js";
import type { ElfView } from "./image.js";

/** Four million: a browser without RELR has about one. */
export const mostRelocations = 4 * 1024 * 1024;
const mostPieces = 4096;
const SHT_RELA = 4;
const SHT_REL = 9;
const SHF_ALLOC = 2;

export interface Relocation {
  readonly at: number;
  readonly type: number;
  readonly symbol: number;
  /** Undefined where it is the word at `at` (REL and RELR tables), and where those of symbols alone are asked for. */
  readonly addend: number | undefined;
}

interface Table {
  readonly bytes: Uint8Array;
  /** SHT_RELA, as against SHT_REL whose addends stand in the relocated words. */
  readonly addends: boolean;
}

/**
 * Loads the tables that PT_DYNAMIC names; of a program without one, its loaded SHT_RELA and SHT_REL sections. The result
 * decodes their entries one by one, of at most four million; those without a symbol, which are most, only where all are wanted.
 */
export async function loadRelocations(
  source: ByteSource,
  view: ElfView,
  which: "all" | "of symbols" = "all",
): Promise<Iterable<Relocation>> {
  return entriesOf(await relocationTables(source, view), view, which);
}

function* entriesOf(tables: readonly Table[], view: ElfView, which: "all" | "of symbols"): Generator<Relocation> {
  let left = mostRelocations;
  for (const { bytes, addends } of tables) {
    const reader = new Reader(bytes, "a relocation table", 0, view.littleEndian);
    const word = view.class / 8;
    const size = (addends ? 3 : 2) * word;
    const count = Math.min(left, Math.floor(bytes.length / size));
    left -= count;
    const infoHigh = view.littleEndian ? 12 : 8;
    const skip = which === "of symbols" && word === 8 ? skipperOf(bytes, infoHigh, size) : (at: number) => at;
    for (let at = skip(0); at < count * size; at = skip(at + size)) {
      if (word === 8) {
        const infoLow = view.littleEndian ? at + 8 : at + 12;
        const symbol = reader.u32(at + infoHigh);
        const addend = addends && which === "all" ? reader.i64(at + 16) : undefined;
        yield { at: reader.clamped64(at), type: reader.u32(infoLow), symbol, addend };
      } else {
        const info = reader.u32(at + 4);
        if (info >>> 8 === 0 && which === "of symbols") continue;
        yield { at: reader.u32(at), type: info & 0xff, symbol: info >>> 8, addend: addends ? reader.i32(at + 8) : undefined };
      }
    }
  }
}

/** Passes over entries in which the word at `within` is zero, nearly all of most tables: a comparison each. */
function skipperOf(bytes: Uint8Array, within: number, size: number): (at: number) => number {
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(buffer, byteOffset, length >>> 2);
  const step = size >>> 2;
  return (at) => {
    let word = (at + within) >>> 2;
    while (words[word] === 0) word += step;
    return 4 * word - within;
  };
}

async function relocationTables(source: ByteSource, view: ElfView): Promise<Table[]> {
  const mostBytes = mostRelocations * 24;
  const { dynamic } = view;
  if (dynamic === undefined) {
    // Static glibc programs have IRELATIVE relocations that their own start-up code applies.
    const sections = view.sections.filter(
      ({ type, flags, size, offset }) =>
        (type === SHT_RELA || type === SHT_REL) && (flags & SHF_ALLOC) !== 0 && size <= mostBytes && offset + size <= source.size,
    );
    return Promise.all(
      sections
        .slice(0, 16)
        .map(async ({ type, offset, size }) => ({ bytes: await source.read(offset, size), addends: type === SHT_RELA })),
    );
  }
  const tables = [
    dynamic.rela && { ...dynamic.rela, addends: true },
    dynamic.rel && { ...dynamic.rel, addends: false },
    dynamic.pltRelocations,
  ];
  const read = tables
    .filter((table) => table !== undefined)
    .map(async ({ address, size, addends }) => ({
      bytes: await readAtAddress(source, view, address, Math.min(size, mostBytes)),
      addends,
    }));
  return Promise.all(read);
}

/**
 * The addresses of the words that DT_RELR relocates, at most `most` and a bitmap more (gABI, "Relative relocation table"):
 * an even entry is an address, an odd one a bitmap of the words after the last. Each word has a place of its own in the file, so there are
 * never more than the file has words, whatever the bitmaps say.
 */
export async function readRelr(source: ByteSource, view: ElfView, most: number): Promise<number[]> {
  const table = view.dynamic?.relr;
  if (table === undefined) return [];
  const word = view.class / 8;
  const bytes = await readAtAddress(source, view, table.address, Math.min(table.size, mostRelocations));
  const reader = new Reader(bytes, "DT_RELR", 0, view.littleEndian);
  const slots: number[] = [];
  const enough = Math.min(most, Math.floor(source.size / word));
  let next = 0;
  for (let at = 0; reader.has(at, word) && slots.length < enough; at += word) {
    const low = reader.u32(view.littleEndian || word === 4 ? at : at + 4);
    const high = word === 4 ? 0 : reader.u32(view.littleEndian ? at + 4 : at);
    if ((low & 1) === 0) {
      next = high * 2 ** 32 + low;
      slots.push(next);
      next += word;
      continue;
    }
    for (let bit = 1; bit < word * 8; bit++) {
      const isSet = bit < 32 ? (low >>> bit) & 1 : (high >>> (bit - 32)) & 1;
      if (isSet === 1) slots.push(next + (bit - 1) * word);
    }
    next += (word * 8 - 1) * word;
  }
  return slots;
}

/** The words at many addresses, read in pieces of up to 1 MiB; undefined where the file holds no byte for one, or after 4 GiB. */
export async function readWords(
  source: ByteSource,
  view: ElfView,
  addresses: readonly number[],
): Promise<(number | undefined)[]> {
  const words = new Array<number | undefined>(addresses.length);
  const order = addresses.map((_, index) => index);
  const isSorted = addresses.every((address, index) => index === 0 || addresses[index - 1]! <= address);
  if (!isSorted) order.sort((a, b) => addresses[a]! - addresses[b]!);
  const size = view.class / 8;
  let start = 0;
  let piece = new Reader(new Uint8Array(0), "a pointer");
  let pieces = 0;
  for (const index of order) {
    const address = addresses[index]!;
    if (!piece.has(address - start, size)) {
      if (piece.length > 0 && ++pieces > mostPieces) break;
      start = address;
      piece = new Reader(await readAtAddress(source, view, address, 1 << 20), "a pointer", 0, view.littleEndian);
    }
    if (piece.has(address - start, size))
      words[index] = size === 8 ? piece.clamped64(address - start) : piece.u32(address - start);
  }
  return words;
}
