/** The bytes of loaded ranges, read at once. */
import type { ByteSource } from "../bytes/source.js";
import { InputError } from "../errors.js";
import type { LoadedRange } from "./image.js";

/** Larger than any code met (llamafile with all its kernels has some 100 MB), small enough for a browser's tab. */
const mostBytes = 1024 * 1024 * 1024;

/**
 * Reads the `fileSize` bytes of each range. The zero-filled rest of its memory is not part of the result.
 * Throws InputError above 1 GiB in all (headers can name the same bytes many times), or where the file has become shorter
 * since its headers were read.
 */
export async function loadRanges(source: ByteSource, ranges: readonly LoadedRange[]): Promise<Uint8Array[]> {
  const inAll = ranges.reduce((sum, range) => sum + range.fileSize, 0);
  if (inAll > mostBytes) throw new InputError(`${source.name} loads ${inAll} bytes at once; Sandfit reads up to 1 GiB`);
  const parts: Uint8Array[] = [];
  for (const { fileOffset, fileSize } of ranges) {
    const bytes = await source.read(fileOffset, fileSize);
    if (bytes.length < fileSize) {
      throw new InputError(`${source.name} ends after ${bytes.length} of ${fileSize} bytes that it loads`, fileOffset);
    }
    parts.push(bytes);
  }
  return parts;
}
