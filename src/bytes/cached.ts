/** Few large reads instead of many small ones: a source that keeps the blocks it has read last. */
import type { ByteSource } from "./source.js";

const blockSize = 64 * 1024;
const mostBlocks = 32;
const cached = new WeakSet<ByteSource>();

/**
 * The same bytes, read in aligned blocks of 64 KiB of which the last 32 are kept (2 MiB). A read that spans more than
 * four blocks goes straight through, so that a segment of a gigabyte does not pass the cache.
 */
export function cachedSource(source: ByteSource): ByteSource {
  if (cached.has(source)) return source;
  const blocks = new Map<number, Promise<Uint8Array>>();

  const block = (index: number): Promise<Uint8Array> => {
    let bytes = blocks.get(index);
    if (bytes === undefined) {
      bytes = source.read(index * blockSize, Math.min(blockSize, source.size - index * blockSize));
      // A failed read must not be remembered as the block.
      bytes.catch(() => blocks.delete(index));
    } else {
      blocks.delete(index);
    }
    blocks.set(index, bytes);
    if (blocks.size > mostBlocks) blocks.delete(blocks.keys().next().value!);
    return bytes;
  };

  const result: ByteSource = {
    name: source.name,
    size: source.size,
    ...(source.inflateRaw && { inflateRaw: source.inflateRaw }),
    async read(offset, length) {
      const end = Math.min(offset + length, source.size);
      if (!(offset >= 0 && offset < end)) return new Uint8Array(0);
      const first = Math.floor(offset / blockSize);
      const last = Math.floor((end - 1) / blockSize);
      if (last - first >= 4) return source.read(offset, end - offset);
      const within = offset - first * blockSize;
      if (first === last) return (await block(first)).subarray(within, within + (end - offset));
      const joined = new Uint8Array(end - offset);
      let filled = 0;
      for (let index = first; index <= last; index++) {
        const bytes = await block(index);
        const part = bytes.subarray(index === first ? within : 0, index === last ? end - last * blockSize : blockSize);
        joined.set(part, filled);
        filled += part.length;
      }
      // Shorter than asked only where the file shrank while it was read.
      return joined.subarray(0, filled);
    },
  };
  cached.add(result);
  return result;
}
