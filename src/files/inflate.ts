/** Raw deflate data, inflated by Node. */

import { inflateRawSync } from "node:zlib";

/** The inflated bytes; undefined where they are damaged, end too soon or are more than `limit`. */
export function inflateRaw(bytes: Uint8Array, limit: number): Uint8Array | undefined {
  try {
    const { buffer, byteOffset, length } = inflateRawSync(bytes, { maxOutputLength: limit });
    return new Uint8Array(buffer, byteOffset, length);
  } catch {
    return undefined;
  }
}
