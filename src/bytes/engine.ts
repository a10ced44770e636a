/**
 * What a JavaScript engine is quick at. Node's Buffer works on bytes in machine code; a browser has none, and there it is done in
 * JavaScript, which a short process interprets.
 */

interface NodeBuffer {
  from(buffer: ArrayBufferLike, offset: number, length: number): { indexOf(sequence: Uint8Array, from: number): number };
  from(text: string, encoding: "base64"): Uint8Array;
  compare(one: Uint8Array, other: Uint8Array): number;
}

/** Node's Buffer, where this is Node. */
export function nodeBuffer(): NodeBuffer | undefined {
  return (globalThis as unknown as { Buffer?: NodeBuffer }).Buffer;
}
