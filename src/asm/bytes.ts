/** A file being put together: fields are set where they belong, little-endian. */

export class Bytes {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }
  u16(at: number, ...values: readonly number[]): this {
    values.forEach((value, i) => {
      this.#view.setUint16(at + 2 * i, value, true);
    });
    return this;
  }
  u32(at: number, ...values: readonly number[]): this {
    values.forEach((value, i) => {
      this.#view.setUint32(at + 4 * i, value, true);
    });
    return this;
  }
  u64(at: number, ...values: readonly number[]): this {
    values.forEach((value, i) => {
      this.#view.setBigUint64(at + 8 * i, BigInt(value), true);
    });
    return this;
  }
  set(at: number, what: Uint8Array | string): this {
    this.bytes.set(typeof what === "string" ? new TextEncoder().encode(what) : what, at);
    return this;
  }
}

/** Several runs of bytes as one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
