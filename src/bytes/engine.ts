/**
 * What a JavaScript engine is quick at. Node's Buffer works on bytes in machine code; a browser has none, and there it is done in
 * JavaScript, which a short process interprets.
 */

interface NodeBuffer {
  from(buffer: ArrayBufferLike, offset: number, length: number): { indexOf(sequence: Uint8Array, from: number): number };
  from(text: string, encoding: "base64"): Uint8Array;
  compare(one: Uint8Array, other: Uint8Array): number;
}

/**
 * The same number, below 2^31 as V8 keeps such integers: without an object. What it reads from a field that has held larger ones elsewhere
 * (a Mach-O view begins at 2^32) has an object of its own, and so has all that is computed from it.
 */
export function unboxed(value: number): number {
  return value === (value | 0) ? value | 0 : value;
}

/** Node's Buffer, where this is Node. */
export function nodeBuffer(): NodeBuffer | undefined {
  return (globalThis as unknown as { Buffer?: NodeBuffer }).Buffer;
}
