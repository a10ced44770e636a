/**
 * Memory for what is read and done with at once. A page that is new to the process takes Linux longer to give (2 microseconds where
 * this was measured, in a virtual machine) than what is read into it takes to copy; so it is asked for once.
 */

const SIZE = 1 << 20;

let memory: ArrayBuffer | undefined;

/** `length` bytes, from `start` on in the one piece of memory where they fit there; what they hold is whatever was read before. */
export function scratch(start: number, length: number): Uint8Array<ArrayBuffer> {
  if (start + length > SIZE) return new Uint8Array(length);
  memory ??= Buffer.allocUnsafeSlow(SIZE).buffer;
  return new Uint8Array(memory, start, length);
}
