/** Whether bytes are all zero, at the speed of memory. */

const zeros = Buffer.alloc(256 << 10);

/** For at most 256 KiB. */
export function isZero(bytes: Buffer): boolean {
  return bytes.compare(zeros, 0, bytes.length) === 0;
}
