/** Changes of some bytes, as libFuzzer makes them, from a seed: the same numbers give the same bytes. */

/** Numbers below 2^32, by xorshift (Marsaglia, "Xorshift RNGs", 2003). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0 || 1;
  }

  /** Below `end`. */
  below(end: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % end;
  }
}

/** What ends of ranges look like in headers: 0, 1, the largest of each width, and powers of two. */
const values = [
  0n,
  1n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fff_ffffn,
  0xffff_ffffn,
  0x1000n,
  1n << 31n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
];
const MOST_CHANGES = 8;

/** A copy of `bytes` with one to eight changes, no longer than `longest`; `other` is what parts may be taken from. */
export function mutated(bytes: Uint8Array, other: Uint8Array, longest: number, random: Random): Uint8Array {
  let result: Uint8Array = bytes.slice(0, longest);
  for (let left = 1 + random.below(MOST_CHANGES); left > 0; left--) result = changed(result, other, random);
  return result.subarray(0, longest);
}

function changed(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  // Half of the places lie in the first bytes, where headers are.
  const place = (size: number) => random.below(Math.max(1, random.below(2) === 0 ? Math.min(size, 512) : size));
  const at = place(bytes.length);
  const length = 1 + random.below(1 << random.below(9));
  switch (random.below(7)) {
    case 0:
      bytes[at] = random.below(256);
      return bytes;
    case 1:
      bytes[at] ^= 1 << random.below(8);
      return bytes;
    case 2: {
      const field = Buffer.alloc(8);
      field.writeBigUInt64LE(values[random.below(values.length)] ?? 0n);
      bytes.set(field.subarray(0, Math.min(1 << random.below(4), bytes.length - at)), at);
      return bytes;
    }
    case 3:
      return bytes.copyWithin(at, place(bytes.length), bytes.length);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(length, random.below(256)), bytes.subarray(at)]);
    default: {
      const from = place(other.length);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + length), bytes.subarray(at)]);
    }
  }
}
