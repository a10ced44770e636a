/** The bytes of one loaded range, read at once. */
import type { ByteSource } from "../bytes/source.js";
import { hex, InputError } from "../errors.js";
import type { LoadedRange } from "./image.js";

/** Larger than any code segment met (llamafile with all its kernels has some 100 MB), small enough for a browser's tab. */
const mostBytes = 1024 * 1024 * 1024;

/**
 * Reads the `fileSize` bytes of a range. The zero-filled rest of its memory is not part of the result.
 * Throws InputError above 1 GiB, or where the file has become shorter since its headers were read.
 */
export async function loadRange(source: ByteSource, range: LoadedRange): Promise<Uint8Array> {
  if (range.fileSize > mostBytes) {
    throw new InputError(
      `${source.name} loads ${range.fileSize} bytes at ${hex(range.address)} at once; Sandfit reads up to 1 GiB`,
    );
  }
  const bytes = await source.read(range.fileOffset, range.fileSize);
  if (bytes.length < range.fileSize) {
    throw new InputError(`${source.name} ends after ${bytes.length} of ${range.fileSize} bytes that it loads`, range.fileOffset);
  }
  return bytes;
}
