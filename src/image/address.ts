/** From virtual addresses to file offsets and back, by what a view loads. */
import type { ByteSource } from "../bytes/source.js";
import type { LoadedRange, View } from "./image.js";

/** The range that holds `address` in memory, zero-filled part included. */
export function rangeAt(view: Pick<View, "ranges">, address: number): LoadedRange | undefined {
  return view.ranges.find((range) => address >= range.address && address < range.address + range.memorySize);
}

/** File offset of the byte loaded at `address`, undefined where none is (unmapped, or zero-filled memory). */
export function offsetOfAddress(view: Pick<View, "ranges">, address: number): number | undefined {
  const range = fileRangeAt(view, address);
  return range && range.fileOffset + (address - range.address);
}

/** Virtual address at which a byte of the file is loaded, undefined where it is not. */
export function addressOfOffset(view: Pick<View, "ranges">, offset: number): number | undefined {
  const range = view.ranges.findLast(({ fileOffset, fileSize }) => offset >= fileOffset && offset < fileOffset + fileSize);
  return range && range.address + (offset - range.fileOffset);
}

/**
 * Bytes from `address` on as the file holds them: at most `length`, fewer where the range's file bytes end before, none
 * where no file byte is loaded there.
 */
export async function readAtAddress(
  source: ByteSource,
  view: Pick<View, "ranges">,
  address: number,
  length: number,
): Promise<Uint8Array> {
  const range = fileRangeAt(view, address);
  if (range === undefined) return new Uint8Array(0);
  const within = address - range.address;
  return source.read(range.fileOffset + within, Math.min(length, range.fileSize - within));
}

/** The range whose file bytes are at `address`: Linux maps later headers over earlier ones, so the last one counts. */
function fileRangeAt(view: Pick<View, "ranges">, address: number): LoadedRange | undefined {
  return view.ranges.findLast((range) => address >= range.address && address < range.address + range.fileSize);
}
