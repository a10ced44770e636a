/** SHA-256 of files, as they are and as they would be with some bytes replaced. */

import { createHash } from "node:crypto";
import { replaceIn } from "../bytes/patched.js";
import { type ByteSource, readInto } from "../bytes/source.js";
import { applyToCopy, forward, keepsLength } from "../fix/apply.js";
import type { Plan } from "../fix/plan.js";
import { hexOf } from "../rules/shared/sites.js";

/** Larger files have none: a few bytes of them are changed in no time, and reading all would take a minute. */
const MOST_SUMMED = 1 << 30;
/** How much an APE that changes itself writes over: an ELF64 header. */
const APE_HEADER = 64;
const CHUNK = 1 << 20;

/** The plan with the sums of what it was made for and of what it makes of that. */
export async function withSums(plan: Plan, source: ByteSource): Promise<Plan> {
  if (source.size > MOST_SUMMED) return plan;
  const patches = forward(plan.edits);
  const [before, after] = [createHash("sha256"), createHash("sha256")];
  let size = source.size;
  if (keepsLength(patches)) {
    await eachChunk(source, (chunk, offset) => {
      before.update(chunk);
      replaceIn(chunk, offset, patches);
      after.update(chunk);
    });
  } else {
    const whole = await source.read(0, source.size);
    const result = applyToCopy(whole, patches);
    before.update(whole);
    after.update(result);
    size = result.length;
  }
  const start = plan.as === "ape" ? { start: hexOf(await source.read(0, APE_HEADER)) } : {};
  const input = { ...plan.input, sha256: before.digest("hex"), ...start };
  return { ...plan, input, output: { size, sha256: after.digest("hex") } };
}

/** SHA-256 of a source, hexadecimal; undefined where it is too large. */
export async function sumOf(source: ByteSource): Promise<string | undefined> {
  if (source.size > MOST_SUMMED) return undefined;
  const hash = createHash("sha256");
  await eachChunk(source, (chunk) => hash.update(chunk));
  return hash.digest("hex");
}

async function eachChunk(source: ByteSource, look: (chunk: Uint8Array, offset: number) => void): Promise<void> {
  const memory = new Uint8Array(Math.min(CHUNK, source.size));
  for (let at = 0; at < source.size; at += CHUNK) {
    const chunk = memory.subarray(0, Math.min(CHUNK, source.size - at));
    look(await readInto(source, chunk, at), at);
  }
}
