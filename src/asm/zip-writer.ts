/** Puts a zip archive of stored entries behind a program, as an APE carries one (PKWARE APPNOTE.TXT 4.3). */

import { Bytes, concat } from "./bytes.js";

export interface ZipContent {
  readonly name: string;
  readonly data: Uint8Array;
}

/** 1980-01-01, the earliest date there is, so that the bytes depend on the contents alone. */
const DOS_DATE = 0x21;

/** `file` with the entries behind it. Offsets in the archive count from the start of the file, so nothing has to be relinked. */
export function appendZip(file: Uint8Array, contents: readonly ZipContent[]): Uint8Array {
  const parts = [file];
  const directory: Uint8Array[] = [];
  let offset = file.length;
  for (const { name, data } of contents) {
    const encoded = new TextEncoder().encode(name);
    const common = new Bytes(26)
      .u16(0, 20, 0, 0, 0, DOS_DATE)
      .u32(10, crc32(data), data.length, data.length)
      .u16(22, encoded.length, 0);
    const local = new Bytes(30).u32(0, 0x04034b50).set(4, common.bytes);
    const central = new Bytes(46).u32(0, 0x02014b50).u16(4, 0x0314).set(6, common.bytes);
    central.u32(38, (0o100644 << 16) >>> 0, offset);
    directory.push(central.bytes, encoded);
    parts.push(local.bytes, encoded, data);
    offset += 30 + encoded.length + data.length;
  }
  const central = concat(directory);
  const end = new Bytes(22).u32(0, 0x06054b50).u16(8, contents.length, contents.length).u32(12, central.length, offset);
  return concat([...parts, central, end.bytes]);
}

/** CRC-32 as zip and gzip have it (reflected 0xedb88320). */
export function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * The symbol table that apelink puts into an APE's zip as `.symtab.amd64`: cosmopolitan's `struct SymbolTable`
 * (libc/runtime/symbols.internal.h), sorted by address, first and last byte of each symbol relative to `base`.
 */
export function cosmoSymbolTable(symbols: readonly { name: string; address: number; size: number }[], base: number): Uint8Array {
  const sorted = [...symbols].sort((a, b) => a.address - b.address);
  const HEADER = 72;
  const names = new TextEncoder().encode(`\0${sorted.map(({ name }) => `${name}\0`).join("")}\0`);
  const namesAt = HEADER + 8 * sorted.length;
  const textAt = namesAt + 4 * sorted.length;
  const out = new Bytes(textAt + names.length).u32(0, 0x544d5953, 1).u64(8, sorted.length, textAt + names.length, 0, base);
  const end = Math.max(base, ...sorted.map(({ address, size }) => address + size));
  out.u64(40, end).u32(64, namesAt, textAt).set(textAt, names);
  let name = 1;
  sorted.forEach((symbol, i) => {
    const start = symbol.address - base;
    out.u32(HEADER + 8 * i, start, start + Math.max(symbol.size, 1) - 1);
    out.u32(namesAt + 4 * i, name);
    name += symbol.name.length + 1;
  });
  return out.bytes;
}
