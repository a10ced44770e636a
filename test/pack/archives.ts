/** Archives for the tests of pack, good and hostile, built by code: entries as they are to be stored, right or wrong. */

import { gzipSync } from "node:zlib";

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
