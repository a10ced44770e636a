/** How much an archive may unpack to, and the meter that says when it is more. */

import { InputError } from "../../errors.js";

export interface Limits {
  /** Most bytes of all contents together. */
  readonly maxSize: number;
  /** Most entries. */
  readonly maxEntries: number;
  /** Most unpacked bytes for one packed byte, once more than 64 MiB are unpacked. */
  readonly maxRatio: number;
}

/** Deflate packs 1032 zeros into a byte at best; programs and sources pack to a half or a twentieth. */
export const defaultLimits: Limits = { maxSize: 16 * 2 ** 30, maxEntries: 200_000, maxRatio: 200 };

export const noLimits: Limits = {
  maxSize: Number.POSITIVE_INFINITY,
  maxEntries: Number.POSITIVE_INFINITY,
  maxRatio: Number.POSITIVE_INFINITY,
};

/** Small archives may hold nothing but zeros. */
const RATIO_FROM = 64 * 2 ** 20;

/** Counts while an archive is read, and stops it. Every method throws InputError where a limit is passed. */
export class Meter {
  readonly #limits: Limits;
  #entries = 0;
  #packed = 0;
  #unpacked = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  entry(): void {
    this.entries(++this.#entries);
  }

  /** For formats that tell the number beforehand. */
  entries(count: number): void {
    const { maxEntries } = this.#limits;
    if (count > maxEntries) throw new InputError(`holds more than ${maxEntries} entries (--max-entries raises that)`);
  }

  /** Bytes of the archive that were read. */
  packed(bytes: number): void {
    this.#packed += bytes;
  }

  /** Bytes that came out. */
  unpacked(bytes: number): void {
    this.#unpacked += bytes;
    this.size(this.#unpacked);
  }

  /** For formats that tell the size beforehand. */
  size(bytes: number): void {
    const { maxSize, maxRatio } = this.#limits;
    if (bytes > maxSize) throw new InputError(`unpacks to more than ${maxSize} bytes (--max-size raises that)`);
    if (this.#packed > 0 && bytes > RATIO_FROM && bytes > this.#packed * maxRatio) {
      throw new InputError(`unpacks to more than ${maxRatio} times its size, as a bomb does (--max-ratio raises that)`);
    }
  }
}
