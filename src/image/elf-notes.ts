/** The notes of an ELF file (gABI chapter 5, "Note Section"): who built it, what it asks of the system. */
import { Reader } from "../bytes/reader.js";
import type { ByteSource } from "../bytes/source.js";
import { PT_NOTE } from "./elf-segments.js";
import type { ElfView } from "./image.js";

const mostBytes = 1 << 20;
const mostNotes = 4096;
const longestName = 64;

/** A note of a PT_NOTE segment. */
export interface ElfNote {
  /** Who gives the type its meaning: "GNU", "OpenBSD", "Go". */
  readonly owner: string;
  readonly type: number;
  readonly descriptor: Uint8Array;
  /** Where the descriptor is, from the start of the file. */
  readonly fileOffset: number;
}

/** Reads the notes in all PT_NOTE segments, up to 1 MiB of each; what is damaged ends a segment's notes. */
export async function readElfNotes(
  source: ByteSource,
  view: Pick<ElfView, "programHeaders" | "littleEndian">,
): Promise<ElfNote[]> {
  const notes: ElfNote[] = [];
  for (const segment of view.programHeaders) {
    if (segment.type !== PT_NOTE || !(segment.offset < source.size)) continue;
    const bytes = await source.read(segment.offset, Math.min(segment.fileSize, mostBytes));
    const reader = new Reader(bytes, "the notes", segment.offset, view.littleEndian);
    // Only .note.gnu.property is laid out in words of eight bytes; its segment says so.
    const align = segment.align === 8 ? 8 : 4;
    for (let at = 0; reader.has(at, 12) && notes.length < mostNotes; ) {
      const nameSize = reader.u32(at);
      const descriptorAt = roundUp(at + 12 + nameSize, align);
      const descriptorSize = reader.u32(at + 4);
      if (nameSize > longestName || !reader.has(descriptorAt, descriptorSize)) break;
      const descriptor = reader.slice(descriptorAt, descriptorSize);
      notes.push({
        owner: reader.string(at + 12, nameSize + 1) ?? "",
        type: reader.u32(at + 8),
        descriptor,
        fileOffset: segment.offset + descriptorAt,
      });
      at = roundUp(descriptorAt + descriptorSize, align);
    }
  }
  return notes;
}

function roundUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}
