/** What macOS would load: Mach-O load commands (mach-o/loader.h), for an APE after its script's `dd` has been applied. */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { struct } from "../bytes/struct.js";
import { InputError } from "../errors.js";
import type { LoadedRange, View } from "./image.js";
import { machoMachine } from "./machines.js";

const MH_MAGIC = 0xfeedface;
const MH_MAGIC_64 = 0xfeedfacf;
const LC_UNIXTHREAD = 5;
const LC_SEGMENT_64 = 0x19;
const LC_MAIN = 0x8000_0028;
/** Real programs stay below a few KiB; the kernel takes what fits its memory. */
const mostCommandBytes = 1 << 20;
/** Register state follows command, size, flavor and count; rip is the 17th and pc the 33rd 64-bit register. */
const entryRegister: Partial<Record<View["machine"], number>> = { "x86-64": 16 + 16 * 8, aarch64: 16 + 32 * 8 };

const header = struct({
  magic: "u32",
  cpu: "u32",
  cpuSubtype: "u32",
  fileType: "u32",
  commands: "u32",
  commandBytes: "u32",
  flags: "u32",
  reserved: "u32",
});
const segmentCommand = struct({
  command: "u32",
  size: "u32",
  name0: "loose64",
  name1: "loose64",
  address: "u64",
  memorySize: "u64",
  fileOffset: "u64",
  fileSize: "u64",
  maxProtection: "u32",
  protection: "u32",
  sections: "u32",
  flags: "u32",
});

/** A part of the file that stands in for the first bytes of the file: what `dd skip= count= conv=notrunc` does. */
export interface Overlay {
  /** File offset of the bytes, in bytes. */
  readonly offset: number;
  readonly size: number;
}

/** True if the bytes start as a 64-bit little-endian Mach-O does. */
export function isMacho64(bytes: Uint8Array): boolean {
  return magicOf(bytes) === MH_MAGIC_64;
}

/** What kind of Mach-O the bytes start, in words; undefined for other files. */
export function machoKind(bytes: Uint8Array): string | undefined {
  const magic = magicOf(bytes);
  if (magic === MH_MAGIC_64) return "Mach-O program or library, 64-bit";
  if (magic === MH_MAGIC) return "Mach-O program or library, 32-bit";
  // The magic of a fat file is also that of a Java class, where a version of at least 45 follows instead of a count.
  const count = bytes.length >= 8 ? new Reader(bytes, "the fat header", 0, false).u32(4) : 0;
  if ((magic === 0xbebafeca || magic === 0xbfbafeca) && count > 0 && count < 40) return `Mach-O with ${count} architectures`;
  return undefined;
}

/**
 * Reads the Mach-O view. With `overlay` the file is read as it would be after that part was copied over its start, and
 * ranges name the bytes where they stand now. Throws InputError where the load commands are damaged.
 */
export async function readMacho(source: ByteSource, overlay?: Overlay): Promise<View> {
  const start = overlay?.offset ?? 0;
  const head = new Reader(await source.read(start, header.size), "the Mach-O header", start);
  const { cpu, commands, commandBytes } = header.read(head, 0);
  if (commandBytes > mostCommandBytes || (overlay !== undefined && header.size + commandBytes > overlay.size)) {
    throw new InputError(`the Mach-O header announces ${commandBytes} bytes of load commands, more than there can be`, start);
  }
  const commandsAt = start + header.size;
  const reader = new Reader(await source.read(commandsAt, commandBytes), "the Mach-O load commands", commandsAt);
  const machine = machoMachine(cpu);
  const ranges: LoadedRange[] = [];
  let entry = 0;
  for (let index = 0, at = 0; index < commands; index++) {
    const command = reader.u32(at);
    const size = reader.u32(at + 4);
    if (size < 8 || size % 4 !== 0) throw new InputError(`Mach-O load command ${index} has the size ${size}`, commandsAt + at);
    if (command === LC_SEGMENT_64) ranges.push(...segmentRanges(reader, at, source.size, overlay));
    // LC_MAIN gives the entry as a file offset into __TEXT, which starts at file offset 0.
    else if (command === LC_MAIN)
      entry = (ranges.find((range) => range.name === "__TEXT")?.address ?? 0) + reader.u64(at + 8, "entryoff");
    else if (command === LC_UNIXTHREAD && entryRegister[machine] !== undefined)
      entry = reader.u64(at + entryRegister[machine], "the entry");
    at += size;
  }
  return { format: "macho", machine, entry, ranges };
}

/** The range of one segment: two where the overlay provides its first bytes, none for a segment without memory. */
function segmentRanges(reader: Reader, at: number, fileSize: number, overlay: Overlay | undefined): LoadedRange[] {
  const segment = segmentCommand.read(reader, at);
  const nameBytes = reader.slice(at + 8, 16);
  const name = String.fromCharCode(...nameBytes.subarray(0, nameBytes.includes(0) ? nameBytes.indexOf(0) : 16));
  if (segment.fileSize > segment.memorySize)
    throw new InputError(`Mach-O segment ${name} has more bytes in the file than in memory`);
  const there = Math.max(0, Math.min(segment.fileSize, fileSize - segment.fileOffset));
  const range = (fileOffset: number, skipped: number, size: number, memorySize: number): LoadedRange => ({
    fileOffset,
    fileSize: size,
    address: segment.address + skipped,
    memorySize,
    readable: (segment.protection & 1) !== 0,
    writable: (segment.protection & 2) !== 0,
    executable: (segment.protection & 4) !== 0,
    name,
  });
  const copied = Math.max(0, Math.min((overlay?.size ?? 0) - segment.fileOffset, there));
  if (overlay === undefined || copied === 0) return [range(segment.fileOffset, 0, there, segment.memorySize)];
  return [
    range(overlay.offset + segment.fileOffset, 0, copied, copied),
    range(segment.fileOffset + copied, copied, there - copied, segment.memorySize - copied),
  ].filter((part) => part.memorySize > 0);
}

function magicOf(bytes: Uint8Array): number {
  return bytes.length >= 4 ? new Reader(bytes, "the magic").u32(0) : 0;
}
