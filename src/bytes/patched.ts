/** A source as it would be with some bytes replaced: what is to be written can be looked at before anything is written. */

import type { ByteSource } from "./source.js";

export interface Replacement {
  readonly fileOffset: number;
  readonly replacement: Uint8Array;
}

/** The bytes of `source` with the replacements over them; nothing is copied but what is read. */
export function patchedSource(source: ByteSource, replacements: readonly Replacement[]): ByteSource {
  return {
    name: source.name,
    size: source.size,
    async read(offset, length) {
      const bytes = await source.read(offset, length);
      if (!replacements.some((replacement) => touches(replacement, offset, bytes.length))) return bytes;
      // Not slice(): that of a Buffer shares its memory, and the source may keep what it has read.
      const result = new Uint8Array(bytes);
      replaceIn(result, offset, replacements);
      return result;
    },
  };
}

/** Replaces bytes in a window of a file that begins at a file offset. */
export function replaceIn(window: Uint8Array, offset: number, replacements: readonly Replacement[]): void {
  for (const { fileOffset, replacement } of replacements) {
    if (!touches({ fileOffset, replacement }, offset, window.length)) continue;
    const start = Math.max(fileOffset, offset);
    const end = Math.min(fileOffset + replacement.length, offset + window.length);
    window.set(replacement.subarray(start - fileOffset, end - fileOffset), start - offset);
  }
}

function touches({ fileOffset, replacement }: Replacement, offset: number, length: number): boolean {
  return fileOffset < offset + length && fileOffset + replacement.length > offset;
}
