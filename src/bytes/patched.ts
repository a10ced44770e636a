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
      const touching = replacements.filter(
        ({ fileOffset, replacement }) => fileOffset < offset + bytes.length && fileOffset + replacement.length > offset,
      );
      if (touching.length === 0) return bytes;
      // Not slice(): that of a Buffer shares its memory, and the source may keep what it has read.
      const result = new Uint8Array(bytes);
      for (const { fileOffset, replacement } of touching) {
        const start = Math.max(fileOffset, offset);
        const end = Math.min(fileOffset + replacement.length, offset + bytes.length);
        result.set(replacement.subarray(start - fileOffset, end - fileOffset), start - offset);
      }
      return result;
    },
  };
}
