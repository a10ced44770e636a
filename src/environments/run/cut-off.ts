/** Passes a stream on up to a mark, and keeps what follows it. */

import type { Readable, Writable } from "node:stream";

/**
 * Copies `from` to `to` until the line that `mark` stands in begins; the function returned gives what is behind it, a
 * character a byte. Holds back no more than a mark's length, and that until more comes or the stream ends.
 */
export function cutOff(from: Readable, to: Writable, mark: string | undefined): () => string {
  let held = Buffer.alloc(0);
  const kept: Buffer[] = [];
  let found = false;
  const pattern = mark === undefined ? undefined : Buffer.from(`\n${mark}\n`);
  from.on("data", (chunk: Buffer) => {
    if (found) return void kept.push(chunk);
    if (pattern === undefined) return void to.write(chunk);
    held = Buffer.concat([held, chunk]);
    const at = held.indexOf(pattern);
    if (at >= 0) {
      found = true;
      to.write(held.subarray(0, at));
      kept.push(held.subarray(at + pattern.length));
      return;
    }
    const keep = beginning(held, pattern);
    to.write(held.subarray(0, held.length - keep));
    held = held.subarray(held.length - keep);
  });
  from.on("end", () => !found && to.write(held));
  return () => Buffer.concat(kept).toString("latin1");
}

/** How many bytes at the end of `text` could be the beginning of `pattern`. */
function beginning(text: Buffer, pattern: Buffer): number {
  for (let length = Math.min(text.length, pattern.length - 1); length > 0; length--) {
    if (text.subarray(text.length - length).equals(pattern.subarray(0, length))) return length;
  }
  return 0;
}
