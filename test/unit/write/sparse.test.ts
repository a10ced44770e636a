/** Files with holes are copied byte for byte wherever their data lies, and what is zero takes no space in the copy. */

import { closeSync, ftruncateSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openFile } from "../../../src/files/file-source.js";
import { copyOf } from "../../../src/write/copy.js";
import { temporaryFolder } from "../../support/folder.js";
import { often } from "../../support/often.js";

const MIB = 1024 ** 2;
const folder = temporaryFolder();

/** Something written at an offset, in bytes. */
interface Stretch {
  readonly at: number;
  readonly size: number;
  readonly kind: "data" | "zeros";
}

interface Layout {
  readonly size: number;
  readonly stretches: readonly Stretch[];
}

const layouts: fc.Arbitrary<Layout> = fc.integer({ min: 1, max: 9 * MIB }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    stretches: fc.array(
      fc.record({
        at: fc.oneof(fc.integer({ min: 0, max: size - 1 }), fc.constant(Math.max(0, size - 5000))),
        size: fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 2 * MIB })),
        kind: fc.constantFrom("data" as const, "zeros" as const),
      }),
      { maxLength: 6 },
    ),
  }),
);

function write(path: string, { size, stretches }: Layout): void {
  const descriptor = openSync(path, "w");
  for (const { at, size: length, kind } of stretches)
    writeSync(descriptor, Buffer.alloc(Math.min(length, size - at), kind === "data" ? 0x5a : 0), 0, undefined, at);
  ftruncateSync(descriptor, size);
  closeSync(descriptor);
}

test.each([folder, "/dev/shm"])("random layouts in %s", async (place) => {
  const [path, copy] = [join(place, `layout-${process.pid}`), join(place, `layout-${process.pid}.copy`)];
  await fc.assert(
    fc.asyncProperty(layouts, async (layout) => {
      rmSync(copy, { force: true });
      write(path, layout);
      const source = openFile(path);
      expect(await copyOf(source, copy, false)).toBe(true);
      source.close();
      expect(statSync(copy).size).toBe(layout.size);
      expect(readFileSync(copy).equals(readFileSync(path))).toBe(true);
      // Of each end of data up to 64 KiB of zeros are copied too.
      expect(statSync(copy).blocks).toBeLessThanOrEqual(statSync(path).blocks + layout.stretches.length * 2 * 128);
    }),
    { numRuns: often(6, 40), endOnFailure: true },
  );
  for (const name of [path, copy]) rmSync(name, { force: true });
});
