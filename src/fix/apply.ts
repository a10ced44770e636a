/** Edits on bytes in memory: applying and taking back. Each checks every byte that it replaces before it changes any. */

import { concat } from "../asm/bytes.js";
import { RefusedError } from "../errors.js";
import type { Edit } from "../rules/define.js";
import { bytesOf, hexOf } from "../rules/shared/sites.js";

/** Some bytes at a file offset, and what comes in their place. */
export interface Patch {
  /** In the file that is patched. */
  readonly fileOffset: number;
  readonly expected: Uint8Array;
  readonly replacement: Uint8Array;
}

/** The patches of a plan, forwards. */
export function forward(edits: readonly Edit[]): Patch[] {
  return edits.map((edit) => ({ fileOffset: edit.fileOffset, expected: bytesOf(edit.before), replacement: bytesOf(edit.after) }));
}

/** The patches that bring the original back. Edits come in ascending order, so each is shifted by those before it. */
export function backward(edits: readonly Edit[]): Patch[] {
  let shift = 0;
  return edits.map((edit) => {
    const patch = { fileOffset: edit.fileOffset + shift, expected: bytesOf(edit.after), replacement: bytesOf(edit.before) };
    shift += patch.expected.length - patch.replacement.length;
    return patch;
  });
}

/** By how many bytes edits make a file longer: 0 but for scripts. */
export function growth(edits: readonly Edit[]): number {
  return edits.reduce((sum, edit) => sum + (edit.after.length - edit.before.length) / 2, 0);
}

/** Whether every replacement is as long as what it replaces, so that nothing moves. */
export function keepsLength(patches: readonly Patch[]): boolean {
  return patches.every((patch) => patch.expected.length === patch.replacement.length);
}

/** A copy of `bytes` with the patches applied, which come in ascending order. Throws RefusedError where any byte is not the expected one. */
export function applyToCopy(bytes: Uint8Array, patches: readonly Patch[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const patch of patches) {
    refuseUnexpected(patch, bytes.subarray(patch.fileOffset, patch.fileOffset + patch.expected.length));
    parts.push(bytes.subarray(at, patch.fileOffset), patch.replacement);
    at = patch.fileOffset + patch.expected.length;
  }
  return concat([...parts, bytes.subarray(at)]);
}

/**
 * Throws RefusedError unless `found` is what the patch expects at its offset. With "may be replaced already", each byte may
 * be the new one instead.
 */
export function refuseUnexpected(patch: Patch, found: Uint8Array, tolerance?: "may be replaced already"): void {
  const { expected, replacement } = patch;
  if (tolerance === undefined ? hexOf(found) === hexOf(expected) : isBetween(expected, replacement, found)) return;
  throw new RefusedError([
    `at file offset 0x${patch.fileOffset.toString(16)} there should be ${shortHex(expected)}, but there is ${shortHex(found) || "nothing"}: ` +
      "this is not the file that the plan was made for",
  ]);
}

/** Bytes in a sentence: no more than an ELF header has. */
function shortHex(bytes: Uint8Array): string {
  return bytes.length <= 64 ? hexOf(bytes) : `${hexOf(bytes.subarray(0, 64))}… (${bytes.length} bytes)`;
}

/** Whether each byte is that of the one or of the other. */
export function isBetween(one: Uint8Array, other: Uint8Array, found: Uint8Array): boolean {
  return found.length === one.length && found.every((byte, i) => byte === one[i] || byte === other[i]);
}
