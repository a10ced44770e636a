/** The executable bytes of one ELF view as one array, with the way from a position to its address and file offset and back. */

import type { ByteSource } from "../bytes/source.js";
import type { ElfView, LoadedRange } from "../image/image.js";
import { loadRanges } from "../image/load.js";

/** One executable PT_LOAD inside a code space. `start` is its first position; `address` virtual, `fileOffset` in the file. */
export interface CodeRegion {
  readonly start: number;
  readonly size: number;
  readonly address: number;
  readonly fileOffset: number;
}

/**
 * Positions are indices into `bytes`. Regions lie one after the other, so a position belongs to exactly one region and
 * decoding never runs from one into the next.
 */
export class CodeSpace {
  readonly bytes: Uint8Array;
  readonly regions: readonly CodeRegion[];

  constructor(bytes: Uint8Array, regions: readonly CodeRegion[]) {
    this.bytes = bytes;
    this.regions = regions;
  }

  regionOf(position: number): CodeRegion {
    const { regions } = this;
    // By index: asked about every instruction, an iterator would leave a heap of garbage.
    let index = 0;
    while (index < regions.length - 1 && position >= regions[index].start + regions[index].size) index++;
    return regions[index];
  }

  /** Virtual address of a position. */
  addressOf(position: number): number {
    const region = this.regionOf(position);
    return region.address + (position - region.start);
  }

  /** File offset of a position, in bytes. */
  fileOffsetOf(position: number): number {
    const region = this.regionOf(position);
    return region.fileOffset + (position - region.start);
  }

  /** Position of a virtual address, or -1 where no executable byte of the file is loaded there. */
  positionOf(address: number): number {
    const { regions } = this;
    for (let index = 0; index < regions.length; index++) {
      const region = regions[index];
      const at = address - region.address;
      if (at >= 0 && at < region.size) return region.start + at;
    }
    return -1;
  }

  /** First position after the region that `position` lies in. */
  endOf(position: number): number {
    const region = this.regionOf(position);
    return region.start + region.size;
  }
}

/** Reads the executable ranges of `view`. Throws InputError where they cannot be read. */
export async function loadCodeSpace(source: ByteSource, view: ElfView): Promise<CodeSpace> {
  const ranges = view.ranges.filter((range) => range.executable && range.fileSize > 0);
  return codeSpaceOf(ranges, await loadRanges(source, ranges));
}

/** Builds a code space from ranges and their bytes, in the same order. One range is used as it is, without a copy. */
export function codeSpaceOf(ranges: readonly LoadedRange[], parts: readonly Uint8Array[]): CodeSpace {
  const regions: CodeRegion[] = [];
  let size = 0;
  for (const [index, range] of ranges.entries()) {
    const part = parts[index];
    regions.push({
      start: size,
      size: part.length,
      address: range.address,
      fileOffset: range.fileOffset,
    });
    size += part.length;
  }
  if (parts.length === 1) return new CodeSpace(parts[0], regions);
  const bytes = new Uint8Array(size);
  for (const [index, part] of parts.entries()) bytes.set(part, regions[index].start);
  return new CodeSpace(bytes, regions);
}
