/** PE32+ headers for an APE: what Windows loads of it (PE/COFF specification). */

import type { Assembler } from "./assembler.js";
import { Bytes } from "./bytes.js";
import { type Layout, PAGE, PF, up } from "./layout.js";

const SECTOR = 512;
const OPTIONAL = 240;
const SECTION = 40;
const MEM = { EXECUTE: 0x20000000, READ: 0x40000000, WRITE: 0x80000000 } as const;
const CODE = 0x20;
const DATA = 0x40;

/** The header for the layout, entered at `entry`; the first `headSize` bytes of the file are its headers. */
export function peHeader(program: Assembler, layout: Layout, entry: string, headSize: number): Uint8Array {
  const loads = layout.loads.filter((load) => load.name !== "head");
  const out = new Bytes(24 + OPTIONAL + loads.length * SECTION);
  const text = layout.addresses.text - layout.base;
  const last = loads[loads.length - 1];
  // Signature and COFF header; characteristics: executable, large addresses, no relocations.
  out.set(0, "PE\0\0").u16(4, 0x8664, loads.length).u16(20, OPTIONAL, 0x0223);
  // Optional header.
  out.u16(24, 0x20b).u32(24 + 16, program.addressOf(entry, layout.addresses) - layout.base, text);
  out
    .u64(24 + 24, layout.base)
    .u32(24 + 32, PAGE, SECTOR)
    .u16(24 + 40, 6, 0, 0, 0, 6, 0);
  out.u32(24 + 56, up(last.address + last.memorySize - layout.base, PAGE), headSize);
  // Subsystem: console. Stack and heap: reserve, commit.
  out
    .u16(24 + 68, 3)
    .u64(24 + 72, 0x10000, 0x1000, 0, 0)
    .u32(24 + 108, 16);
  loads.forEach((load, i) => {
    const at = 24 + OPTIONAL + i * SECTION;
    // The text segment holds the headers as well, which are no part of a section.
    const skip = load.name === "text" ? text - load.offset : 0;
    const raw = up(load.fileSize - skip, SECTOR);
    const memory = (load.flags & PF.X ? MEM.EXECUTE | CODE : DATA) | MEM.READ | (load.flags & PF.W ? MEM.WRITE : 0);
    out.set(at, `.${load.name}`).u32(at + 8, load.memorySize - skip, load.address + skip - layout.base, raw);
    out.u32(at + 20, raw ? load.offset + skip : 0).u32(at + 36, memory >>> 0);
  });
  return out.bytes;
}
