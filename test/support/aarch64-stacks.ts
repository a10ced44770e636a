/** Programs in which stack-growsdown finds its aarch64 half, and what it finds. */

import { expect } from "vitest";
import { memorySource } from "../../src/bytes/source.js";
import { readImage } from "../../src/image/detect.js";
import type { Found, Subject } from "../../src/rules/define.js";
import { findAarch64Stacks } from "../../src/rules/stack-growsdown/aarch64-stacks.js";
import { mmapForStacks, type Options, stackAllocator } from "../fixtures/aarch64/programs.js";

export async function find(bytes: Uint8Array): Promise<Found | undefined> {
  const source = memorySource(bytes);
  const image = await readImage(source);
  return findAarch64Stacks({ source, image, view: image.elf[0]! } as unknown as Subject);
}

/** The bytes with the repair made. */
export function fixed(bytes: Uint8Array, finding: Found | undefined): Uint8Array {
  const copy = bytes.slice();
  for (const edit of finding?.repair?.edits ?? []) {
    expect(Buffer.from(copy.subarray(edit.fileOffset, edit.fileOffset + 4)).toString("hex")).toBe(edit.before);
    copy.set(Buffer.from(edit.after, "hex"), edit.fileOffset);
  }
  return copy;
}

/** Name, how it is built, and what the branch becomes. */
export const shapes: [string, (options?: Options) => Uint8Array, Options, string][] = [
  ["cosmo_stack_alloc, branch to the plain side", stackAllocator, {}, "b 0x"],
  ["cosmo_stack_alloc, branch to the growing side", stackAllocator, { form: "to-growing" }, "nop"],
  ["cosmo_stack_alloc, cmp and b.ne", stackAllocator, { form: "compare" }, "b 0x"],
  ["cosmo_stack_alloc, slackmap inlined", stackAllocator, { inlined: true }, "b 0x"],
  [
    "cosmo_stack_alloc, slackmap inlined, branch to the growing side",
    stackAllocator,
    { inlined: true, form: "to-growing" },
    "nop",
  ],
  ["mmap, branch to the growing side", mmapForStacks, {}, "nop"],
  ["mmap, branch to the plain side", mmapForStacks, { form: "to-plain" }, "b 0x"],
  ["mmap, masked and cbnz", mmapForStacks, { form: "mask" }, "nop"],
];
