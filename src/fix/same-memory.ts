/** Proof for changed headers: the result may load other ranges, but at every address what the original had there, but for the edits. */

import { firstDifference } from "../bytes/difference.js";
import type { ByteSource } from "../bytes/source.js";
import { PT_GNU_STACK } from "../image/elf-segments.js";
import type { ElfView, LoadedRange } from "../image/image.js";
import type { Edit } from "../rules/define.js";

const CHUNK = 1 << 20;
const PAGE = 4096;
/** Sizes of an Elf64_Ehdr and an Elf64_Phdr. */
const EHDR = 64;
const PHDR = 56;

export interface Side {
  readonly source: ByteSource;
  readonly view: ElfView;
}

/** Whether some edit is one of the ELF header or of the program headers, so that other ranges are to be expected. */
export function changesHeaders({ view }: Side, edits: readonly Edit[]): boolean {
  const table = view.programHeaderOffset;
  const tableEnd = table + PHDR * view.programHeaders.length;
  const isHeader = ({ fileOffset }: Edit): boolean => fileOffset < EHDR || (fileOffset >= table && fileOffset < tableEnd);
  return edits.some((edit) => edit.evidence === "header" && isHeader(edit));
}

/**
 * One sentence per difference that the edits do not explain. A segment that holds nothing but the program headers may lie elsewhere,
 * and a segment may have grown over what an edit wrote.
 */
export async function differentMemory(original: Side, result: Side, edits: readonly Edit[]): Promise<string[]> {
  const problems: string[] = [];
  const place = (view: ElfView): unknown => [
    view.interpreter,
    view.type,
    view.machine,
    stackOf(view),
    view.isPositionIndependent,
  ];
  if (JSON.stringify(place(original.view)) !== JSON.stringify(place(result.view)))
    problems.push("the result is another kind of program");
  const { entry } = result.view;
  if (entry !== original.view.entry && !isInEdit(fileOffsetOf(result.view, entry), edits)) {
    problems.push(`the entry point moved to 0x${entry.toString(16)}, where no edit is`);
  }
  for (const [i, range] of original.view.ranges.entries()) {
    if (holdsOnlyHeaders(original.view, range)) continue;
    for (const shown of shownParts(range, original.view.ranges.slice(i + 1)))
      problems.push(...(await compareRange(shown, original.source, result, edits)));
    if (problems.length > 8) break;
  }
  return problems;
}

function stackOf(view: ElfView): number | undefined {
  return view.programHeaders.find((header) => header.type === PT_GNU_STACK)?.flags;
}

/** The parts of a range that none of those mapped after it lies over: whole pages of it are. */
function shownParts(range: LoadedRange, later: readonly LoadedRange[]): LoadedRange[] {
  let parts = [range];
  for (const over of later) {
    if (over.fileSize === 0 || over.address >= range.address + range.memorySize) continue;
    if (over.address + over.memorySize <= range.address) continue;
    const [from, to] = [Math.floor(over.address / PAGE) * PAGE, Math.ceil((over.address + over.fileSize) / PAGE) * PAGE];
    parts = parts.flatMap((part) => [cut(part, part.address, from), cut(part, to, part.address + part.memorySize)]);
  }
  return parts.filter((part) => part.memorySize > 0);
}

/** The part of a range between two addresses; empty where there is none. */
function cut(range: LoadedRange, from: number, to: number): LoadedRange {
  const skip = Math.max(0, from - range.address);
  const memorySize = Math.max(0, Math.min(range.memorySize, to - range.address) - skip);
  const fileSize = Math.max(0, Math.min(range.fileSize - skip, memorySize));
  return { ...range, address: range.address + skip, fileOffset: range.fileOffset + skip, fileSize, memorySize };
}

function holdsOnlyHeaders(view: ElfView, range: LoadedRange): boolean {
  const end = view.programHeaderOffset + PHDR * view.programHeaders.length;
  return range.fileOffset >= view.programHeaderOffset && range.fileOffset + range.memorySize <= end;
}

async function compareRange(range: LoadedRange, source: ByteSource, result: Side, edits: readonly Edit[]): Promise<string[]> {
  const at = `0x${range.address.toString(16)}`;
  const there = result.view.ranges.find(
    (one) => one.address <= range.address && range.address + range.memorySize <= one.address + one.memorySize,
  );
  if (there === undefined) return [`what was loaded at ${at} is not there any more`];
  const rights = ({ readable, writable, executable }: LoadedRange): string => `${readable} ${writable} ${executable}`;
  if (rights(there) !== rights(range)) return [`what was loaded at ${at} has other rights`];
  const skip = range.address - there.address;
  for (let done = 0; done < Math.max(range.fileSize, Math.min(range.memorySize, there.fileSize - skip)); done += CHUNK) {
    const length = Math.min(CHUNK, range.memorySize - done);
    const [before, after] = await Promise.all([
      bytesAt(source, range, done, length),
      bytesAt(result.source, there, skip + done, length),
    ]);
    for (let i = firstDifference(before, after); i >= 0; i = firstDifference(before, after, i + 1)) {
      if (isInEdit(there.fileOffset + skip + done + i, edits)) continue;
      return [`the byte at 0x${(range.address + done + i).toString(16)} changed without an edit`];
    }
  }
  return [];
}

/** Some bytes of a range as they are in memory: zeros behind what the file has. */
async function bytesAt(source: ByteSource, range: LoadedRange, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const fromFile = Math.max(0, Math.min(length, range.fileSize - from));
  if (fromFile > 0) bytes.set(await source.read(range.fileOffset + from, fromFile));
  return bytes;
}

function fileOffsetOf(view: ElfView, address: number): number {
  const range = view.ranges.find((one) => address >= one.address && address < one.address + one.fileSize);
  return range === undefined ? -1 : range.fileOffset + (address - range.address);
}

function isInEdit(fileOffset: number, edits: readonly Edit[]): boolean {
  return edits.some((edit) => fileOffset >= edit.fileOffset && fileOffset < edit.fileOffset + edit.after.length / 2);
}
