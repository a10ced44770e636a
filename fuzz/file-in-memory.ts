/** Bytes as the command reads a file: inflated by zlib, at once. */

import { inflateRawSync } from "node:zlib";
import { type ByteSource, memorySource } from "../src/bytes/source.js";

export function fileInMemory(bytes: Uint8Array): ByteSource {
  return { ...memorySource(bytes, "program"), inflateRaw };
}

/** As `ByteSource` has it. */
export async function inflateRaw(bytes: Uint8Array, limit: number): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(inflateRawSync(bytes, { maxOutputLength: limit }));
  } catch {
    return undefined;
  }
}
