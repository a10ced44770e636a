/** Which few of a program's bytes landmarks.ts has to look at: in WebAssembly, sixteen at a time, and in JavaScript where that is less. */

import { firstLookBinary } from "./kernel-binary.js";
import { instantiate } from "./web-assembly.js";

/** kernel/first-look.ts */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  windowAt(): number;
  foundAt(): number;
  look(size: number): number;
}

/** The most bytes that are looked at in one go. A larger program passes through a window of this size, so it needs no memory. */
export const WINDOW = 0x10000;

/**
 * Places among `size` bytes from `from` on (`size` at most `WINDOW`, `from` at least 1), counted from there, ascending, at which a
 * landmark can be. Among them are all at which one is; valid until the next call.
 */
export type Look = (bytes: Uint8Array, from: number, size: number) => Uint16Array;

/** Code of fewer bytes is looked through in JavaScript sooner than the kernel is there (0.3 ms). */
const FEW = 0x8000;

/** The cheapest way through so many bytes. */
export function lookFor(size: number): Look {
  return (size < FEW ? undefined : lookInKernel()) ?? lookInScript;
}

let kernelLook: Look | undefined;

/** Undefined where this engine has no WebAssembly, or no SIMD (a processor without SSE4.1). */
export function lookInKernel(): Look | undefined {
  kernelLook ??= makeKernelLook();
  return kernelLook;
}

function makeKernelLook(): Look | undefined {
  const exports = instantiate<Exports>(firstLookBinary, {});
  if (exports === undefined) return undefined;
  const { buffer } = exports.memory;
  const memory = new Uint8Array(buffer);
  const windowAt = exports.windowAt();
  const found = new Uint16Array(buffer, exports.foundAt(), WINDOW);
  return (bytes, from, size) => {
    // One byte in front and four behind are asked for as well. Behind the program's end older bytes may stand: a place too many.
    memory.set(bytes.subarray(from - 1, from + size + 4), windowAt - 1);
    return found.subarray(0, exports.look(size));
  };
}

/** Bytes that a landmark is told by: landmarks.ts. */
const triggers = new Uint8Array(256);
for (const byte of [0x05, 0x10, 0x80, 0x8e, 0xa9, 0xae, 0xb5, 0xb9, 0xba]) triggers[byte] = 1;

let scriptFound: Uint16Array | undefined;

export function lookInScript(bytes: Uint8Array, from: number, size: number): Uint16Array {
  scriptFound ??= new Uint16Array(WINDOW);
  const end = from + size;
  let count = 0;
  for (let at = nextTrigger(bytes, from, end); at < end; at = nextTrigger(bytes, at + 1, end)) scriptFound[count++] = at - from;
  return scriptFound.subarray(0, count);
}

/** Position of the next byte that is one of the triggers, `end` without one. Four at a time: half the time of one by one. */
function nextTrigger(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  for (; at + 4 <= end; at += 4) {
    if ((triggers[bytes[at]] | triggers[bytes[at + 1]] | triggers[bytes[at + 2]] | triggers[bytes[at + 3]]) !== 0) break;
  }
  while (at < end && triggers[bytes[at]] === 0) at++;
  return at;
}
