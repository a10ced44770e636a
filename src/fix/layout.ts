/** Proof after writing: what the result loads differs from what the original loaded in the planned bytes alone. */

import { firstDifference } from "../bytes/difference.js";
import { replaceIn } from "../bytes/patched.js";
import { type ByteSource, readInto } from "../bytes/source.js";
import type { ElfView, View } from "../image/image.js";
import type { Edit } from "../rules/define.js";
import { hexOf } from "../rules/shared/sites.js";
import { applyToCopy, forward } from "./apply.js";
import { changesHeaders, differentMemory, type Side } from "./same-memory.js";

/** Compared at once: stays in the processor's cache. */
const CHUNK = 1 << 16;

/**
 * Compares what two views load. Returns one sentence per difference that the edits do not explain; none is the proof.
 * Ranges have to be the same, but where headers are edited; bytes may differ inside edits only, and there they have to be the edit's.
 */
export async function unexplainedDifferences(
  original: { source: ByteSource; view: View },
  result: { source: ByteSource; view: View },
  edits: readonly Edit[],
): Promise<string[]> {
  const problems: string[] = [];
  if (original.source.size !== result.source.size) {
    return [`the size changed from ${original.source.size} to ${result.source.size} bytes`];
  }
  const isSame = JSON.stringify(describeRanges(original.view)) === JSON.stringify(describeRanges(result.view));
  if (!isSame) {
    const [before, after] = [linuxSide(original), linuxSide(result)];
    if (before === undefined || after === undefined || !changesHeaders(before, edits)) {
      return ["the result would load other ranges than the original"];
    }
    problems.push(...(await differentMemory(before, after, edits)));
  }
  const replacements = forward(edits);
  const chunks = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)] as const;
  const asExpected: { start: number; end: number }[] = [];
  for (const range of original.view.ranges) {
    for (let at = range.fileOffset; at < range.fileOffset + range.fileSize; at += CHUNK) {
      const length = Math.min(CHUNK, range.fileOffset + range.fileSize - at);
      const wanted = await readInto(original.source, chunks[0].subarray(0, length), at);
      replaceIn(wanted, at, replacements);
      const after = await readInto(result.source, chunks[1].subarray(0, length), at);
      if (firstDifference(wanted, after) < 0) asExpected.push({ start: at, end: at + length });
      else problems.push(...differences(await original.source.read(at, length), after, at, edits));
    }
  }
  for (const edit of edits) {
    const editEnd = edit.fileOffset + edit.after.length / 2;
    if (asExpected.some(({ start, end }) => edit.fileOffset >= start && editEnd <= end)) continue;
    const found = hexOf(await result.source.read(edit.fileOffset, edit.after.length / 2));
    if (found !== edit.after)
      problems.push(`at file offset 0x${edit.fileOffset.toString(16)} the result has ${found} instead of ${edit.after}`);
  }
  return problems;
}

/** The same for a script, which is compared as a whole: it is the original's text with the edits made. */
export async function textChangesBeyond(original: ByteSource, result: ByteSource, edits: readonly Edit[]): Promise<string[]> {
  const expected = applyToCopy(await original.read(0, original.size), forward(edits));
  const found = await result.read(0, result.size);
  return firstDifference(expected, found) < 0 ? [] : ["the result differs from the original in more than the edits"];
}

/** Headers are edited for Linux alone. */
function linuxSide({ source, view }: { source: ByteSource; view: View }): Side | undefined {
  return view.format === "elf" ? { source, view: view as ElfView } : undefined;
}

function describeRanges(view: View): unknown {
  return { entry: view.entry, ranges: view.ranges };
}

function differences(before: Uint8Array, after: Uint8Array, offset: number, edits: readonly Edit[]): string[] {
  const problems: string[] = [];
  for (let i = firstDifference(before, after); i >= 0 && i < before.length; i = firstDifference(before, after, i + 1)) {
    const at = offset + i;
    const explained = edits.some((edit) => at >= edit.fileOffset && at < edit.fileOffset + edit.after.length / 2);
    if (!explained) problems.push(`the byte at file offset 0x${at.toString(16)} changed without an edit`);
    if (problems.length > 8) break;
  }
  return problems;
}
