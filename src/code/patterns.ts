/**
 * Byte patterns, in the manual's terms, by which rules declare what they look for in code. One token a byte:
 *
 *     0f     this byte                       ..     any byte
 *     b8+r   this byte or one of the next seven, by the number of a register
 *     /5     a ModRM byte with this register field
 *     ~73    no bits but these
 *
 * A pattern is searched by its last byte that is given whole and is not zero. `>` stands before the byte whose position counts as the
 * pattern's; without it that is the first one.
 */

/** Holds where `(byte & mask) === value`. */
export interface ByteTest {
  /** From the byte that the pattern is searched by. */
  readonly offset: number;
  readonly mask: number;
  readonly value: number;
}

export interface Pattern {
  readonly text: string;
  /** The byte that it is searched by. */
  readonly byte: number;
  /** For the others, the nearest first. */
  readonly tests: readonly ByteTest[];
  /** First and last byte of it, and the one whose position counts, from the byte that it is searched by. */
  readonly first: number;
  readonly last: number;
  readonly place: number;
}

/** Throws for what is no pattern: a rule was written wrong. */
export function parsePattern(text: string): Pattern {
  const tokens = text.split(" ");
  const bytes = tokens.map((token) => byteOf(token.replace(/^>/, "")));
  if (bytes.includes(undefined)) throw new Error(`not a byte pattern: ${text}`);
  const anchor = bytes.findLastIndex((one) => one?.mask === 0xff && one.value !== 0);
  if (anchor < 0) throw new Error(`a byte pattern without a byte to search by: ${text}`);
  const tests = bytes.map((one, index) => ({ offset: index - anchor, ...one! }));
  return {
    text,
    byte: bytes[anchor]!.value,
    tests: tests.filter(({ offset, mask }) => offset !== 0 && mask !== 0).sort((a, b) => Math.abs(a.offset) - Math.abs(b.offset)),
    first: -anchor,
    last: bytes.length - 1 - anchor,
    place:
      Math.max(
        0,
        tokens.findIndex((token) => token.startsWith(">")),
      ) - anchor,
  };
}

function byteOf(token: string): Omit<ByteTest, "offset"> | undefined {
  const [, exact, register, field, bits] = /^(?:([0-9a-f]{2})(\+r)?|\/([0-7])|~([0-9a-f]{2})|\.\.)$/.exec(token) ?? [];
  if (exact !== undefined) return { mask: register === undefined ? 0xff : 0xf8, value: Number.parseInt(exact, 16) };
  if (field !== undefined) return { mask: 0x38, value: Number(field) << 3 };
  if (bits !== undefined) return { mask: 0xff & ~Number.parseInt(bits, 16), value: 0 };
  return token === ".." ? { mask: 0, value: 0 } : undefined;
}

/** Whether the pattern stands at a position of its byte. */
export function matches({ tests, first, last }: Pattern, bytes: Uint8Array, at: number): boolean {
  if (at + first < 0 || at + last >= bytes.length) return false;
  for (const { offset, mask, value } of tests) if ((bytes[at + offset] & mask) !== value) return false;
  return true;
}
