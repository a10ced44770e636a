/** Edits on bytes in memory: applying and taking back. Each checks every byte that it replaces before it changes any. */

import { RefusedError } from "../errors.js";
import type { Edit } from "../rules/define.js";
import { bytesOf, hexOf } from "../rules/sites.js";

/** A write of some bytes at a file offset. */
export interface Patch {
  readonly fileOffset: number;
  readonly expected: Uint8Array;
  readonly replacement: Uint8Array;
}

/** The patches of a plan, forwards. */
export function forward(edits: readonly Edit[]): Patch[] {
  return edits.map((edit) => ({ fileOffset: edit.fileOffset, expected: bytesOf(edit.before), replacement: bytesOf(edit.after) }));
}

/** The patches that bring the original back. */
export function backward(edits: readonly Edit[]): Patch[] {
  return edits.map((edit) => ({ fileOffset: edit.fileOffset, expected: bytesOf(edit.after), replacement: bytesOf(edit.before) }));
}

/** A copy of `bytes` with the patches applied. Throws RefusedError where any byte is not the expected one. */
export function applyToCopy(bytes: Uint8Array, patches: readonly Patch[]): Uint8Array {
  // Not bytes.slice(): that of a Buffer shares its memory.
  const result = new Uint8Array(bytes);
  for (const patch of patches) {
    refuseUnexpected(patch, bytes.subarray(patch.fileOffset, patch.fileOffset + patch.expected.length));
    result.set(patch.replacement, patch.fileOffset);
  }
  return result;
}

/**
 * Throws RefusedError unless `found` is what the patch expects at its offset. With "may be replaced already", each byte may
 * be the new one instead.
 */
export function refuseUnexpected(patch: Patch, found: Uint8Array, tolerance?: "may be replaced already"): void {
  const { expected, replacement } = patch;
  if (tolerance === undefined ? hexOf(found) === hexOf(expected) : isBetween(expected, replacement, found)) return;
  throw new RefusedError([
    `at file offset 0x${patch.fileOffset.toString(16)} there should be ${hexOf(expected)}, but there is ${hexOf(found) || "nothing"}: ` +
      "this is not the file that the plan was made for",
  ]);
}

/** Whether each byte is that of the one or of the other. */
export function isBetween(one: Uint8Array, other: Uint8Array, found: Uint8Array): boolean {
  return found.length === one.length && found.every((byte, i) => byte === one[i] || byte === other[i]);
}
