/** A Mach-O header for an APE: what macOS loads once the script's dd has copied it to the start (mach-o/loader.h). */

import { Bytes, concat } from "./bytes.js";
import { type Layout, PAGE, PF, up } from "./layout.js";

const MH_MAGIC_64 = 0xfeedfacf;
const CPU_TYPE_X86_64 = 0x01000007;
const CPU_SUBTYPE_ALL = 3;
const MH_EXECUTE = 2;
const LC_SEGMENT_64 = 0x19;
const LC_UNIXTHREAD = 5;
const X86_THREAD_STATE64 = 4;

/** Header and load commands: __PAGEZERO, one segment for each load (whole pages), and the entry in LC_UNIXTHREAD. */
export function machoHeader(layout: Layout, entry: number): Uint8Array {
  const segment = (name: string, address: number, memory: number, offset: number, file: number, rights: number): Uint8Array =>
    new Bytes(72)
      .u32(0, LC_SEGMENT_64, 72)
      .set(8, name)
      .u64(24, address, memory, offset, file)
      .u32(56, rights && 7, rights, 0, 0).bytes;
  const commands = [segment("__PAGEZERO", 0, layout.base, 0, 0, 0)];
  layout.loads.forEach((load, i) => {
    // VM_PROT_READ 1, WRITE 2, EXECUTE 4: the other way round than in ELF.
    const rights = (load.flags & PF.R ? 1 : 0) | (load.flags & PF.W ? 2 : 0) | (load.flags & PF.X ? 4 : 0);
    const file = up(load.fileSize, PAGE);
    commands.push(segment(`__APE${i + 1}`, load.address, Math.max(up(load.memorySize, PAGE), file), load.offset, file, rights));
  });
  // Command, size, flavor, count of 32-bit words, then 21 registers of which rip is the 17th.
  const thread = new Bytes(16 + 21 * 8).u32(0, LC_UNIXTHREAD, 16 + 21 * 8, X86_THREAD_STATE64, 42).u64(16 + 16 * 8, entry).bytes;
  const body = concat([...commands, thread]);
  const header = new Bytes(32).u32(
    0,
    MH_MAGIC_64,
    CPU_TYPE_X86_64,
    CPU_SUBTYPE_ALL,
    MH_EXECUTE,
    commands.length + 1,
    body.length,
    1,
  );
  return concat([header.bytes, body]);
}
