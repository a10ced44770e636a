/** Reading integers out of a window of bytes: every offset is checked, and nothing but InputError is thrown. */
import { hex, InputError } from "../errors.js";
import { utf8Of } from "./text.js";

/** A window of file bytes with the byte order they are to be read in. Positions are relative to the window's start. */
export class Reader {
  readonly bytes: Uint8Array;
  /** File offset of the window's first byte, for messages. */
  readonly base: number;
  readonly littleEndian: boolean;
  /** What the window holds, as the subject of a sentence: "the ELF header". */
  readonly what: string;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, what: string, base = 0, littleEndian = true) {
    this.bytes = bytes;
    this.what = what;
    this.base = base;
    this.littleEndian = littleEndian;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get length(): number {
    return this.bytes.length;
  }

  /** True if `size` bytes at `at` lie within the window. */
  has(at: number, size: number): boolean {
    return Number.isSafeInteger(at) && at >= 0 && size >= 0 && at <= this.bytes.length - size;
  }

  u8(at: number): number {
    this.#check(at, 1);
    return this.bytes[at]!;
  }

  u16(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, this.littleEndian);
  }

  u32(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, this.littleEndian);
  }

  i32(at: number): number {
    this.#check(at, 4);
    return this.#view.getInt32(at, this.littleEndian);
  }

  /** All 64 bits. */
  big64(at: number): bigint {
    this.#check(at, 8);
    return this.#view.getBigUint64(at, this.littleEndian);
  }

  /** 64 bits as a number. Throws InputError above 2^53-1: no file and no user address is that large. */
  u64(at: number, name = "a 64-bit field"): number {
    const value = this.clamped64(at);
    if (value > Number.MAX_SAFE_INTEGER) {
      throw new InputError(`${this.what}: ${name} is 0x${this.big64(at).toString(16)}, which no file can hold`, this.base + at);
    }
    return value;
  }

  /** 64 bits as a number, Infinity above 2^53-1: for fields that nothing depends on. It fails every later range check. */
  clamped64(at: number): number {
    this.#check(at, 8);
    const low = this.#view.getUint32(this.littleEndian ? at : at + 4, this.littleEndian);
    const high = this.#view.getUint32(this.littleEndian ? at + 4 : at, this.littleEndian);
    // What comes of arithmetic with 2^32 is kept by V8 in an object of its own, here and in all that is computed from it.
    if (high === 0) return low;
    return high > 0x1fffff ? Number.POSITIVE_INFINITY : high * 2 ** 32 + low;
  }

  /** 64 bits as a signed number, for addends and displacements; ±Infinity where it does not fit. */
  i64(at: number): number {
    this.#check(at, 8);
    const low = this.#view.getUint32(this.littleEndian ? at : at + 4, this.littleEndian);
    const high = this.#view.getInt32(this.littleEndian ? at + 4 : at, this.littleEndian);
    const number = high * 2 ** 32 + low;
    if (Number.isSafeInteger(number)) return number;
    return high < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** A part of the window. */
  slice(at: number, size: number): Uint8Array {
    this.#check(at, size);
    return this.bytes.subarray(at, at + size);
  }

  /** A string up to the next NUL, at most `limit` bytes; undefined where no NUL comes within window and limit. */
  string(at: number, limit = 4096): string | undefined {
    if (!this.has(at, 1)) return undefined;
    // The search must not run on to the end: a table may have a hundred thousand names at one place, and no NUL behind it.
    const end = this.bytes.subarray(at, at + limit).indexOf(0);
    return end < 0 ? undefined : utf8Of(this.bytes.subarray(at, at + end));
  }

  #check(at: number, size: number): void {
    if (this.has(at, size)) return;
    throw new InputError(`${this.what}: ${size} bytes at ${hex(Math.max(0, this.base + at))} lie outside of it`);
  }
}
