/** The compressor of packages: what it writes, Node's own zlib reads, whatever the input; and it writes the same each time. */

import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gzipped } from "../../../src/write/tar.js";
import { often } from "../../support/often.js";

async function zipped(...chunks: Uint8Array[]): Promise<Buffer> {
  const out: Uint8Array[] = [];
  const source = (async function* () {
    yield* chunks;
  })();
  for await (const chunk of gzipped(source)) out.push(chunk);
  return Buffer.concat(out);
}

/** Mostly zeros, as tar archives are: some runs of other bytes, the first often at once after a few zeros. */
function sparse(seed: number): Uint8Array {
  let state = seed * 2654435761 + 1;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const bytes = new Uint8Array(next(4) === 0 ? 1 + next(200_000) : 512 * (1 + next(20)));
  const words = Array.from({ length: 1 + next(4) }, () => Uint8Array.from({ length: 1 + next(12) }, () => next(3) * 48));
  for (let run = next(12); run > 0; run--) {
    const word = words[next(words.length)]!;
    bytes.set(word.subarray(0, bytes.length), Math.min(next(bytes.length), Math.max(0, bytes.length - word.length)));
  }
  return bytes;
}

describe("the compressor of packages", () => {
  test("is read back by zlib for many sparse inputs", async () => {
    for (let seed = 0; seed < often(150, 4000); seed++) {
      const bytes = sparse(seed);
      const back = gunzipSync(await zipped(bytes));
      if (!back.equals(bytes)) expect.fail(`seed ${seed}`);
    }
  });

  test("is read back by zlib for any input, and does not mind how it is cut", async () => {
    const sized = fc.tuple(fc.uint8Array({ maxLength: 300_000, size: "max" }), fc.nat(400_000));
    await fc.assert(
      fc.asyncProperty(sized, async ([bytes, cut]) => {
        const whole = await zipped(bytes);
        expect(gunzipSync(whole).equals(bytes)).toBe(true);
        expect((await zipped(bytes.subarray(0, cut), bytes.subarray(cut))).equals(whole)).toBe(true);
      }),
      { numRuns: often(5, 60) },
    );
  });

  test("writes one member with no name and no time in it, and these very bytes on every machine", async () => {
    const bytes = Uint8Array.from({ length: 700_000 }, (_, i) => (i % 4096 < 3000 ? 0 : (i * i) >> 7));
    const whole = await zipped(bytes);
    expect(whole.subarray(0, 10).toString("hex")).toBe("1f8b0800000000000003");
    expect(createHash("sha256").update(whole).digest("hex")).toBe(
      "05e14d9ba669290922bef10b6d8bf1d3d841c257661759257dda84ca89ccb36e",
    );
  });
});
