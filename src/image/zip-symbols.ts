/** The symbol table that apelink and symtab.com put into an APE's zip archive, and the inflating of it. */
import { firstDifference } from "../bytes/difference.js";
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { struct } from "../bytes/struct.js";
import { rangeAt } from "./address.js";
import type { CodeSymbol, ElfView, ZipTail } from "./image.js";
import { readZipDirectory, type ZipEntry, zipDataOffset } from "./zip.js";

const mostBytes = 64 * 1024 * 1024;
const mostMembers = 1 << 20;
const longestName = 4096;
const STORED = 0;
const DEFLATED = 8;
const isEncrypted = 1;

/** `struct SymbolTable` (cosmopolitan libc/runtime/symbols.internal.h), little-endian. Pointers are not set in a file. */
const header = struct({
  magic: "u32",
  abi: "u32",
  count: "loose64",
  size: "loose64",
  mapSize: "loose64",
  addressBase: "loose64",
  addressEnd: "loose64",
  names: "loose64",
  nameBase: "loose64",
  namesOffset: "u32",
  nameBaseOffset: "u32",
});
const SYMBOLS_MAGIC = 0x544d5953;
const SYMBOLS_ABI = 1;

/**
 * Reads the zip's symbol table for a view: `.symtab.amd64` or `.symtab.arm64`, or the `.symtab` of older builds, which is
 * x86-64's. Empty where there is none, or where it is damaged or inflates to more than 64 MiB.
 */
export async function readZipSymbols(source: ByteSource, view: ElfView, zip: ZipTail): Promise<CodeSymbol[]> {
  const names = view.machine === "x86-64" ? [".symtab.amd64", ".symtab"] : view.machine === "aarch64" ? [".symtab.arm64"] : [];
  const entry = names.length === 0 ? undefined : await findMember(source, zip, names);
  const packed = entry && (await readPacked(source, entry, mostBytes));
  if (packed === undefined) return [];
  const ranges = JSON.stringify(view.ranges);
  if (last?.ranges === ranges && last.method === entry?.method && areEqual(last.packed, packed)) return last.symbols;
  const bytes = await unpacked(source, entry!, packed, mostBytes);
  const symbols = bytes === undefined ? [] : symbolsOf(new Reader(bytes, "the zip's symbol table"), view);
  if (packed.length <= MOST_KEPT) last = { packed: new Uint8Array(packed), method: entry!.method, ranges, symbols };
  return symbols;
}

/**
 * The table that was read last, by its bytes: who repairs a program reads it of the original and of the result. A copy of the bytes, since
 * those of a source in memory are its owner's to change.
 */
let last:
  | { readonly packed: Uint8Array; readonly method: number; readonly ranges: string; readonly symbols: CodeSymbol[] }
  | undefined;
const MOST_KEPT = 1 << 18;

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && firstDifference(one, other) < 0;
}

async function findMember(source: ByteSource, zip: ZipTail, names: readonly string[]): Promise<ZipEntry | undefined> {
  // A directory larger than that belongs to an archive of assets; reading it for names alone is not worth it.
  if (zip.directorySize > mostBytes) return undefined;
  let best: ZipEntry | undefined;
  let members = 0;
  for await (const entry of readZipDirectory(source, zip)) {
    if (entry.name === names[0]) return entry;
    if (names.includes(entry.name)) best ??= entry;
    if (++members >= mostMembers) break;
  }
  return best;
}

/** A member's bytes, inflated where needed; undefined where it is encrypted, damaged, too large or packed in another way. */
export async function readMember(source: ByteSource, entry: ZipEntry, limit = mostBytes): Promise<Uint8Array | undefined> {
  const packed = await readPacked(source, entry, limit);
  return packed && unpacked(source, entry, packed, limit);
}

async function readPacked(source: ByteSource, entry: ZipEntry, limit: number): Promise<Uint8Array | undefined> {
  if ((entry.flags & isEncrypted) !== 0 || entry.compressedSize > limit || entry.size > limit) return undefined;
  const offset = await zipDataOffset(source, entry);
  return offset === undefined ? undefined : source.read(offset, entry.compressedSize);
}

async function unpacked(
  source: ByteSource,
  { method }: ZipEntry,
  packed: Uint8Array,
  limit: number,
): Promise<Uint8Array | undefined> {
  if (method === STORED) return packed;
  if (method !== DEFLATED) return undefined;
  return source.inflateRaw === undefined ? inflate(packed, limit) : source.inflateRaw(packed, limit);
}

/** Inflates raw deflate data, giving up with undefined above `limit` bytes or on damage. */
async function inflate(bytes: Uint8Array, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const reader = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > limit) {
        await reader.cancel();
        return undefined;
      }
      chunks.push(next.value);
    }
  } catch {
    // The stream reports every kind of damage as a TypeError of its own.
    return undefined;
  }
  const whole = new Uint8Array(size);
  let filled = 0;
  for (const chunk of chunks) {
    whole.set(chunk, filled);
    filled += chunk.length;
  }
  return whole;
}

function symbolsOf(table: Reader, view: ElfView): CodeSymbol[] {
  if (!table.has(0, header.size)) return [];
  const { magic, abi, count, namesOffset, nameBaseOffset, addressBase } = header.read(table, 0);
  // Each symbol has 8 bytes (start and last byte, relative to the base) and 4 for its name's offset.
  const isSane =
    header.size + 8 * count <= namesOffset && namesOffset + 4 * count <= nameBaseOffset && nameBaseOffset <= table.length;
  if (magic !== SYMBOLS_MAGIC || abi !== SYMBOLS_ABI || !isSane) return [];
  const { bytes } = table;
  const [places, nameOffsets] = [wordsAt(bytes, header.size, 2 * count), wordsAt(bytes, namesOffset, count)];
  const symbols: CodeSymbol[] = [];
  let isFunction = false;
  let low = 0;
  let high = 0;
  for (let index = 0; index < count; index++) {
    const start = places[2 * index]!;
    const last = places[2 * index + 1]!;
    const nameAt = nameBaseOffset + nameOffsets[index]!;
    if (last < start || nameAt >= bytes.length || bytes[nameAt] === 0) continue;
    const address = addressBase + start;
    if (address < low || address >= high) {
      const range = rangeAt(view, address);
      isFunction = range?.executable === true;
      low = range?.address ?? 0;
      high = low + (range?.memorySize ?? 0);
    }
    symbols.push(new ZipSymbol(table, nameAt, address, last - start + 1, isFunction));
  }
  return symbols;
}

/** Little-endian 32-bit words, which is every engine's own order; a copy where they are not aligned. */
function wordsAt(bytes: Uint8Array, at: number, count: number): Uint32Array {
  const part = bytes.subarray(at, at + 4 * count);
  const { buffer, byteOffset } = part.byteOffset % 4 === 0 ? part : new Uint8Array(part);
  return new Uint32Array(buffer, byteOffset, count);
}

/** Its name is read when it is asked for: of thousands a report gives a few. Empty where the table ends before it does. */
class ZipSymbol implements CodeSymbol {
  readonly address: number;
  readonly size: number;
  readonly isFunction: boolean;
  private readonly table: Reader;
  private readonly nameAt: number;

  constructor(table: Reader, nameAt: number, address: number, size: number, isFunction: boolean) {
    this.table = table;
    this.nameAt = nameAt;
    this.address = address;
    this.size = size;
    this.isFunction = isFunction;
  }

  get from(): "zip" {
    return "zip";
  }

  get name(): string {
    return this.table.string(this.nameAt, longestName) ?? "";
  }
}
