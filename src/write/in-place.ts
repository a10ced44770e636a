/**
 * Changing a large file where it stands, in the time that a few bytes take. The record with the bytes before and after is
 * on the disk before the first of them changes, and goes only after the last has changed back. So whatever ends the
 * process, each byte is one of the two that the record names, and `sandfit undo` has the original (`write/interrupted.ts`).
 */

import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { InputError } from "../errors.js";
import type { FileSource } from "../files/file-source.js";
import { identityOf, isSameFile, isUnchanged } from "../files/identity.js";
import type { Patch } from "../fix/apply.js";
import { replaced } from "./destination.js";
import { patchDescriptor, plainMode, putBack, read } from "./patch.js";
import { readRecord, removeRecord, saveRecord } from "./record.js";

/**
 * Writes the patches into the file at `path`, which has to be the open `source`. With a record it is saved first; without
 * one the change is an undo, and the record that there is goes at the end.
 * Throws with the file and its record as they were, or, where not even that can be written, with a sentence that says how to get it back.
 */
export function changeInPlace(source: FileSource, path: string, patches: readonly Patch[], record: string | undefined): void {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const here = identityOf(fstatSync(descriptor, { bigint: true }));
    if (!isSameFile(here, source.opened)) throw replaced(source.name);
    if (!isUnchanged(here, source.opened)) throw new InputError(`${source.name} changed while it was being read`);
    const found = patches.map((patch) => read(descriptor, patch));
    const former = record === undefined ? undefined : readRecord(path, source.name);
    if (record !== undefined) saveRecord(path, record, true);
    try {
      patchDescriptor(descriptor, patches, true);
      plainMode(descriptor);
    } catch (error) {
      takeBack(descriptor, source.name, patches, found);
      if (former !== undefined) saveRecord(path, former, true);
      else if (record !== undefined) removeRecord(path);
      throw error;
    }
    if (record === undefined) removeRecord(path);
  } finally {
    closeSync(descriptor);
  }
}

function takeBack(descriptor: number, name: string, patches: readonly Patch[], found: readonly Uint8Array[]): void {
  try {
    putBack(descriptor, patches, found);
  } catch {
    throw new InputError(
      `the disk fails while ${name} is being changed; \`sandfit undo\` brings the original back once it works again`,
    );
  }
}
