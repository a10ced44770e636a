/** Archives for the tests of pack, good and hostile, built by code: entries as they are to be stored, right or wrong. */

import { crc32, gzipSync } from "node:zlib";
import { record } from "../fixtures/images/zip-builder.js";

export interface TarEntry {
  /** Raw bytes of the name where it is not text. */
  readonly name: string | Uint8Array;
  /** ustar type flag; "0" a file unless told. */
  readonly type?: string;
  readonly mode?: number;
  readonly target?: string;
  readonly data?: Uint8Array | string;
  /** What the header says instead of the data's length. */
  readonly size?: number;
}

const BLOCK = 512;

/** A ustar archive with just these headers: nothing is checked. `end` off leaves out the closing blocks. */
export function tar(entries: readonly TarEntry[], end = true): Buffer {
  const blocks = entries.flatMap((entry) => {
    const data = Buffer.from(entry.data ?? "");
    return [header(entry, data.length), data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(end ? 2 * BLOCK : 0)]);
}

export function tarGz(entries: readonly TarEntry[]): Buffer {
  return gzipSync(tar(entries));
}

function header({ name, type = "0", mode = 0o644, target = "", size }: TarEntry, length: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.set(Buffer.from(name as string).subarray(0, 100), 0);
  const octal = (value: number, at: number, digits: number) => block.write(value.toString(8).padStart(digits, "0"), at);
  octal(mode, 100, 7);
  octal(1000, 108, 7);
  octal(1000, 116, 7);
  octal(size ?? length, 124, 11);
  octal(1_600_000_000, 136, 11);
  block.write(type, 156);
  block.write(target, 157);
  block.write("ustar\x0000", 257, "latin1");
  block.fill(" ", 148, 156);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block[154] = 0;
  return block;
}

/** A pax extended header for the entry that follows (POSIX.1-2001 pax, "pax Extended Header"). */
export function pax(records: Record<string, string>): TarEntry {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest;
    while (length !== rest + String(length).length) length = rest + String(length).length;
    return `${length} ${key}=${value}\n`;
  });
  return { name: "pax", type: "x", data: lines.join("") };
}

export interface ZipMember {
  readonly name: string | Uint8Array;
  /** With type bits, as st_mode has them. */
  readonly mode?: number;
  readonly data?: Uint8Array | string;
  /** Packed bytes as they are to be stored, and the method that is to be claimed for them. */
  readonly packed?: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  /** What is claimed instead of the truth. */
  readonly crc?: number;
  readonly size?: number;
}

/** A zip archive made on Unix, with just these members (APPNOTE 4.3). With `overlap` all share the first one's bytes. */
export function zip(members: readonly ZipMember[], overlap = false): Buffer {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  members.forEach((member, index) => {
    const name = Buffer.from(member.name as string);
    const data = Buffer.from(member.data ?? "");
    const packed = member.packed ?? data;
    const { method = 0, flags = 0x800, mode = 0o100644, size = data.length } = member;
    const sizes = [member.crc ?? crc32(data), packed.length, size];
    const where = overlap ? 0 : at;
    directory.push(
      record("42222224442222244", [0x02014b50, 0x031e, 20, flags, method, 0, 0x21, ...sizes, name.length, 0, 0, 0, 0, 0, where]),
    );
    // The external attributes, whose upper half is the mode.
    new DataView(directory.at(-1)!.buffer).setUint32(38, mode * 0x10000, true);
    directory.push(name);
    if (overlap && index > 0) return;
    const local = record("42222244422", [0x04034b50, 20, flags, method, 0, 0x21, ...sizes, name.length, 0]);
    for (const part of [local, name, packed]) parts.push(part);
    at += local.length + name.length + packed.length;
  });
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = record("42222442", [0x06054b50, 0, 0, members.length, members.length, size, at, 0]);
  return Buffer.concat([...parts, ...directory, end]);
}
