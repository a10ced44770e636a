/** Raw deflate data, inflated by Node. */

import { inflateRawSync } from "node:zlib";
import { nodeBinding } from "./node-binding.js";

/** The inflated bytes; undefined where they are damaged, end too soon or are more than `limit`. */
export function inflateRaw(bytes: Uint8Array, limit: number): Uint8Array | undefined {
  const binding = nodeBinding<ZlibBinding>("zlib");
  if (binding !== undefined) return inflateByBinding(binding, bytes, limit);
  try {
    const { buffer, byteOffset, length } = inflateRawSync(bytes, { maxOutputLength: limit });
    return new Uint8Array(buffer, byteOffset, length);
  } catch {
    return undefined;
  }
}

/** The part of Node that node:zlib is built on. */
interface ZlibBinding {
  readonly Zlib: new (mode: number) => ZlibHandle;
}

interface ZlibHandle {
  onerror: (message: string) => void;
  /** `state` receives how much room and how much input is left after each write. */
  init(...all: [windowBits: number, level: number, memLevel: number, strategy: number, Uint32Array, () => void, undefined]): void;
  writeSync(flush: number, from: Uint8Array, at: number, size: number, to: Uint8Array, toAt: number, toSize: number): void;
  close(): void;
}

// zlib.h, and node_zlib.cc's modes.
const INFLATERAW = 6;
const MAX_WBITS = 15;
const Z_FINISH = 4;
/** Symbol tables become three times as long. */
const USUAL_GROWTH = 4;

/** Without node:zlib, which loads all of node:stream: that takes ten times as long as inflating a symbol table. */
function inflateByBinding({ Zlib }: ZlibBinding, bytes: Uint8Array, limit: number): Uint8Array | undefined {
  const handle = new Zlib(INFLATERAW);
  const state = new Uint32Array(2);
  let isWhole = true;
  handle.onerror = () => {
    isWhole = false;
  };
  handle.init(MAX_WBITS, 0, 8, 0, state, () => {}, undefined);
  try {
    // A byte more than may come, which tells that more came.
    const enlarged = (length: number) => new Uint8Array(Math.min(length, limit + 1));
    let inflated = enlarged(USUAL_GROWTH * bytes.length + 64);
    let size = 0;
    let left = bytes.length;
    for (;;) {
      handle.writeSync(Z_FINISH, bytes, bytes.length - left, left, inflated, size, inflated.length - size);
      const room = state[0]!;
      left = state[1]!;
      size = inflated.length - room;
      if (!isWhole || size > limit) return undefined;
      if (room > 0) return inflated.subarray(0, size);
      const larger = enlarged(2 * inflated.length);
      larger.set(inflated);
      inflated = larger;
    }
  } finally {
    handle.close();
  }
}
