/** Where bytes come from: a file, a Blob, a buffer. The core reads through this and knows nothing else of the outside. */

/** A random-access source of bytes. Sizes and offsets are in bytes from the start of the file. */
export interface ByteSource {
  /** What to call it in messages, usually the path as the user typed it. */
  readonly name: string;
  /** Total size in bytes. */
  readonly size: number;
  /**
   * Reads `length` bytes at `offset`. The result is shorter only where the file ends before `offset + length`;
   * an offset past the end gives an empty array.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Reads into memory that is there already, as much as that has room for, and gives the part that was filled: for what looks at a
   * whole file, since memory that is new to a process takes longer than reading.
   */
  readInto?(into: Uint8Array, offset: number): Promise<Uint8Array>;
  /**
   * Inflates raw deflate data, where there is a quicker way than the web's DecompressionStream; undefined above `limit` bytes or
   * on damage.
   */
  inflateRaw?(bytes: Uint8Array, limit: number): Promise<Uint8Array | undefined>;
}

/** The source's `readInto`, or what is the same. The bytes are the caller's to change. */
export async function readInto(source: ByteSource, into: Uint8Array, offset: number): Promise<Uint8Array> {
  if (source.readInto !== undefined) return source.readInto(into, offset);
  const bytes = await source.read(offset, into.length);
  into.set(bytes);
  return into.subarray(0, bytes.length);
}

/** A source over bytes that are in memory already; reads are views, nothing is copied. */
export function memorySource(bytes: Uint8Array, name = "(memory)"): ByteSource {
  // A Buffer of Node's is an array whose slice() copies nothing: whoever wants a copy would get its neighbours.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    name,
    size: plain.length,
    read: (offset, length) => Promise.resolve(plain.subarray(clamp(offset, plain.length), clamp(offset + length, plain.length))),
  };
}

/** A source over a browser's Blob or File. */
export function blobSource(blob: BlobLike, name = "(blob)"): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}

/** The part of the web's Blob that is used here, so that this file needs neither the DOM's types nor Node's. */
export interface BlobLike {
  readonly size: number;
  /** The bytes from `start` to before `end`. */
  slice(start: number, end: number): BlobPart;
}

/** A part of a blob, before it is read. */
export interface BlobPart {
  /** Reads it. */
  arrayBuffer(): Promise<ArrayBuffer>;
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}
