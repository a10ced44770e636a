/** The bytes that a view loads without execute permission: where constants, tables and pointers to functions lie. */

import { asciiOf, includesText, positionsOf } from "../bytes/find.js";
import type { ByteSource } from "../bytes/source.js";
import type { ElfView, LoadedRange } from "../image/image.js";
import { loadRanges } from "../image/load.js";

interface DataRegion {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Larger data segments are not searched for pointers: such files carry assets, not code. */
const MOST_BYTES = 512 * 1024 * 1024;

export class DataSpace {
  private readonly regions: readonly DataRegion[];

  constructor(regions: readonly { address: number; bytes: Uint8Array }[]) {
    this.regions = regions.map(({ address, bytes }) => ({
      address,
      bytes,
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    }));
  }

  /** The unsigned 32-bit little-endian word at a virtual address, or undefined where no file byte is loaded there. */
  word32(address: number): number | undefined {
    // By index: the walk asks for every entry of a table.
    for (let index = 0; index < this.regions.length; index++) {
      const region = this.regions[index]!;
      const at = address - region.address;
      if (at >= 0 && at + 4 <= region.bytes.length) return region.view.getUint32(at, true);
    }
    return undefined;
  }

  /** Whether any loaded data byte lies at the address. */
  contains(address: number): boolean {
    return this.regions.some((region) => address >= region.address && address < region.address + region.bytes.length);
  }

  /** Whether an ASCII string occurs in the data, for instance a message that only one library prints. */
  includesText(text: string): boolean {
    return this.regions.some(({ bytes }) => includesText(text, bytes));
  }

  /** Every address at which an ASCII string stands in the data. */
  addressesOf(text: string): number[] {
    return this.regions.flatMap(({ address, bytes }) => positionsOf(asciiOf(text), bytes).map((at) => address + at));
  }

  /** Calls `visit` with every 8-byte aligned 64-bit word whose value lies in [low, high). */
  forEachPointer(low: number, high: number, visit: (value: number, address: number) => void): void {
    const highWordOfLow = Math.floor(low / 2 ** 32);
    const highWordOfHigh = Math.floor(high / 2 ** 32);
    for (const { address, bytes } of this.regions) {
      const first = -address & 7;
      const words = wordsOf(bytes, first);
      for (let index = 1; index < words.length; index += 2) {
        const top = words[index]!;
        if (top < highWordOfLow || top > highWordOfHigh) continue;
        const low32 = words[index - 1]!;
        const value = top === 0 ? low32 : top * 2 ** 32 + low32;
        if (value >= low && value < high) visit(value, address + first + 4 * (index - 1));
      }
    }
  }
}

/** The little-endian 32-bit words from a place on, two for each eight bytes that are there. */
function wordsOf(bytes: Uint8Array, first: number): Uint32Array {
  const count = Math.max(0, bytes.length - first) >>> 3;
  const isAligned = (bytes.byteOffset + first) % 4 === 0;
  const from = isAligned ? bytes : bytes.slice(first, first + 8 * count);
  return new Uint32Array(from.buffer, isAligned ? from.byteOffset + first : 0, 2 * count);
}

/** Reads the ranges of `view` that are not executable. Throws InputError where they cannot be read. */
export async function loadDataSpace(source: ByteSource, view: ElfView): Promise<DataSpace> {
  const ranges: LoadedRange[] = [];
  let inAll = 0;
  for (const range of view.ranges) {
    if (range.executable || range.fileSize === 0 || inAll + range.fileSize > MOST_BYTES) continue;
    inAll += range.fileSize;
    ranges.push(range);
  }
  const parts = await loadRanges(source, ranges);
  return new DataSpace(ranges.map((range, index) => ({ address: range.address, bytes: parts[index] })));
}
