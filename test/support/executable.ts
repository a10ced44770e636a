/** Real code for tests and benchmarks: the executable bytes of the ELF files that this machine has anyway. */

import { closeSync, existsSync, openSync, readdirSync, readSync, realpathSync, statSync } from "node:fs";

export interface ExecutablePart {
  readonly path: string;
  /** File offset and address of the first byte. */
  readonly offset: number;
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** The executable segments of an x86-64 ELF file; empty for any other file. With `section`, that section alone. */
export function executableParts(path: string, section?: string): ExecutablePart[] {
  const file = openSync(path, "r");
  try {
    const read = (offset: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
    };
    const header = read(0, 64);
    if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header.readUInt16LE(18) !== 62)
      return [];
    const part = (offset: number, address: number, size: number) => ({ path, offset, address, bytes: read(offset, size) });
    if (section === undefined) {
      const count = header.readUInt16LE(56);
      const table = read(Number(header.readBigUInt64LE(32)), count * 56);
      const parts: ExecutablePart[] = [];
      for (let at = 0; at < table.length; at += 56) {
        // PT_LOAD with PF_X.
        if (table.readUInt32LE(at) !== 1 || (table.readUInt32LE(at + 4) & 1) === 0) continue;
        const [offset, address, size] = [at + 8, at + 16, at + 32].map((field) => Number(table.readBigUInt64LE(field)));
        parts.push(part(offset!, address!, size!));
      }
      return parts;
    }
    const count = header.readUInt16LE(60);
    const table = read(Number(header.readBigUInt64LE(40)), count * 64);
    const value = (index: number, field: number) => Number(table.readBigUInt64LE(index * 64 + field));
    const names = read(value(header.readUInt16LE(62), 24), value(header.readUInt16LE(62), 32));
    for (let index = 0; index < count; index++) {
      const name = table.readUInt32LE(index * 64);
      if (names.toString("latin1", name, names.indexOf(0, name)) !== section) continue;
      return [part(value(index, 24), value(index, 16), value(index, 32))];
    }
    return [];
  } finally {
    closeSync(file);
  }
}

/** Node itself, then programs and libraries that are often there, until `bytes` bytes of code are found or no more files are. */
export function realCode(bytes: number): ExecutablePart[] {
  const seen = new Set<string>();
  const parts: ExecutablePart[] = [];
  let total = 0;
  const add = (path: string) => {
    if (total >= bytes || !existsSync(path)) return;
    const real = realpathSync(path);
    if (seen.has(real) || !statSync(real).isFile()) return;
    seen.add(real);
    for (const part of executableParts(real)) {
      parts.push(part);
      total += part.bytes.length;
    }
  };
  add(process.execPath);
  for (const program of ["gdb", "git", "python3.11", "bash", "openssl", "perl", "ld.bfd", "objdump"]) add(`/usr/bin/${program}`);
  for (const folder of ["/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64"]) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder).sort()) if (/\.so(\.|$)/.test(name)) add(`${folder}/${name}`);
  }
  return parts;
}
