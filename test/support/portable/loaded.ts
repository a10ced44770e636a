/** A loader for comparisons: what a view of a file puts at which address. */

import type { Image, View } from "../../../src/image/image.js";

/** Every view that some system would load, in a fixed order. */
export function viewsOf({ elf, pe, macho }: Image): View[] {
  return [...elf, ...(pe === undefined ? [] : [pe]), ...macho];
}

/** A byte in memory, and where in the file it comes from. */
export interface Loaded {
  readonly value: number;
  readonly offset: number;
}

/** Address → byte, by the ranges that the view's own headers give; later ranges lie over earlier ones. */
export function loadedBytes(file: Uint8Array, view: View): Map<number, Loaded> {
  const memory = new Map<number, Loaded>();
  for (const { fileOffset, fileSize, address } of view.ranges) {
    for (let i = 0; i < fileSize; i++) memory.set(address + i, { value: file[fileOffset + i], offset: fileOffset + i });
  }
  return memory;
}

/** File offsets of the bytes in which two memories differ. Throws where they differ in what is loaded where. */
export function changedOffsets(before: ReadonlyMap<number, Loaded>, after: ReadonlyMap<number, Loaded>): Set<number> {
  if (before.size !== after.size) throw new Error(`${before.size} bytes loaded before, ${after.size} after`);
  const changed = new Set<number>();
  for (const [address, { value, offset }] of before) {
    const other = after.get(address);
    if (other?.offset !== offset) throw new Error(`0x${address.toString(16)} is loaded from elsewhere`);
    if (other.value !== value) changed.add(offset);
  }
  return changed;
}
