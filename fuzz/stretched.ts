/** Few bytes as a file of gigabytes: what reads too much of it is a find. */

import type { ByteSource } from "../src/bytes/source.js";
import { InputError } from "../src/errors.js";
import { inflateRaw } from "./file-in-memory.js";

const SIZE = 5 * 1024 ** 3;
/** The most that may be asked for in all. */
const MOST_BYTES = 2 * 1024 ** 3;
/** More than that is not handed out, since looking at it would take seconds: this execution ends. */
const ENOUGH = 4 * 1024 ** 2;

/** The first two thirds of `bytes` stand at the start, the rest at the end, zeros in between. */
export function stretched(bytes: Uint8Array): ByteSource {
  const atStart = Math.ceil((bytes.length * 2) / 3);
  const tailAt = SIZE - (bytes.length - atStart);
  let inAll = 0;
  return {
    name: "stretched",
    size: SIZE,
    inflateRaw,
    async read(offset, length) {
      const size = Math.max(0, Math.min(length, SIZE - offset));
      inAll += size;
      if (inAll > MOST_BYTES) throw new Error(`${inAll} bytes asked for`);
      if (size > ENOUGH) throw new InputError("enough");
      const result = new Uint8Array(size);
      if (offset < atStart) result.set(bytes.subarray(offset, Math.min(atStart, offset + size)));
      if (offset + size > tailAt) {
        const from = Math.max(offset, tailAt);
        result.set(bytes.subarray(atStart + from - tailAt, atStart + offset + size - tailAt), from - offset);
      }
      return result;
    },
  };
}
