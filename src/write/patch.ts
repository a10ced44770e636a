/** Patches on an open file: nothing is written before every byte that they replace has been looked at. */

import { fchmodSync, fstatSync, fsyncSync, ftruncateSync, writeSync } from "node:fs";
import { InputError } from "../errors.js";
import { readFully } from "../files/read-fully.js";
import { applyToCopy, keepsLength, type Patch, refuseUnexpected } from "../fix/apply.js";

/**
 * Writes the patches and, where that is asked for, has the disk remember them. A byte may already be the new one: that is how
 * an interrupted change looks. Throws RefusedError, with nothing written, where a byte is neither; otherwise the system's error.
 */
export function patchDescriptor(descriptor: number, patches: readonly Patch[], lasting: boolean): void {
  if (!keepsLength(patches)) {
    rewrite(descriptor, patches);
    if (lasting) fsyncSync(descriptor);
    return;
  }
  forEachFound(descriptor, patches, (patch, found) => {
    if (Buffer.compare(found, patch.expected) !== 0) refuseUnexpected(patch, found, "may be replaced already");
  });
  for (const { fileOffset, replacement } of patches) write(descriptor, fileOffset, replacement);
  if (lasting) fsyncSync(descriptor);
  forEachFound(descriptor, patches, (patch, found) => {
    if (Buffer.compare(found, patch.replacement) !== 0)
      throw new InputError("the bytes that were written do not come back; something else writes there, or the disk is broken");
  });
}

/** Patches that lie within so many bytes are read at once: asking Node for each takes longer. */
const WINDOW = 1 << 16;

/** Calls `look` with each patch and the bytes at its place; fewer where the file ends. */
function forEachFound(descriptor: number, patches: readonly Patch[], look: (patch: Patch, found: Uint8Array) => void): void {
  const endOf = ({ fileOffset, expected }: Patch) => fileOffset + expected.length;
  const sorted = [...patches].sort((a, b) => a.fileOffset - b.fileOffset);
  const usual = new Uint8Array(WINDOW);
  for (let index = 0; index < sorted.length; ) {
    const first = sorted[index]!;
    let next = index + 1;
    while (next < sorted.length && endOf(sorted[next]!) - first.fileOffset <= WINDOW) next++;
    const together = sorted.slice(index, next);
    // A record may hold any number of edits, more than a call takes arguments.
    const size = together.reduce((end, patch) => Math.max(end, endOf(patch)), first.fileOffset) - first.fileOffset;
    const memory = size <= WINDOW ? usual : new Uint8Array(size);
    const bytes = memory.subarray(0, readFully(descriptor, memory.subarray(0, size), first.fileOffset));
    for (const patch of together)
      look(patch, bytes.subarray(patch.fileOffset - first.fileOffset, endOf(patch) - first.fileOffset));
    index = next;
  }
}

/** Larger than any script; what changes its length is read whole. */
const MOST_REWRITTEN = 64 << 20;

function rewrite(descriptor: number, patches: readonly Patch[]): void {
  const { size } = fstatSync(descriptor);
  if (size > MOST_REWRITTEN) throw new InputError(`a file of ${size} bytes is too large for a change of its length`);
  const whole = new Uint8Array(size);
  if (readFully(descriptor, whole, 0) < size) throw new InputError("the file became shorter while it was being read");
  const result = applyToCopy(whole, patches);
  write(descriptor, 0, result);
  ftruncateSync(descriptor, result.length);
}

/** What the patches found goes back, without looking. */
export function putBack(descriptor: number, patches: readonly Patch[], found: readonly Uint8Array[]): void {
  for (const [index, { fileOffset }] of patches.entries()) write(descriptor, fileOffset, found[index]);
  fsyncSync(descriptor);
}

/** The bytes where a patch goes; fewer where the file ends. */
export function read(descriptor: number, patch: Patch): Uint8Array {
  const found = Buffer.alloc(patch.expected.length);
  return found.subarray(0, readFully(descriptor, found, patch.fileOffset));
}

function write(descriptor: number, fileOffset: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, fileOffset + done);
  }
}

/**
 * Takes set-user-id and its like away: what runs under another's name must not be what this user has changed. Who may write a
 * file but does not own it may not change its mode, so what is right is left alone.
 */
export function plainMode(descriptor: number, mode = fstatSync(descriptor).mode): void {
  if ((fstatSync(descriptor).mode & 0o7777) !== (mode & 0o777)) fchmodSync(descriptor, mode & 0o777);
}
