/** Collects what a program writes, up to a limit. */

import type { Readable } from "node:stream";

/** Starts to collect; the function returned gives what came so far. At the limit `exceeded` is called once, and the rest dropped. */
export function collect(stream: Readable | null | undefined, limit: number, exceeded: () => void): () => Uint8Array {
  const chunks: Buffer[] = [];
  let room = limit;
  let over = false;
  stream?.on("data", (chunk: Buffer) => {
    chunks.push(chunk.subarray(0, room));
    if (chunk.length > room && !over) {
      over = true;
      exceeded();
    }
    room = Math.max(0, room - chunk.length);
  });
  return () => new Uint8Array(Buffer.concat(chunks));
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Takes the last line that ends with `message` away: runsc writes its complaint to standard error besides its log. */
export function without(bytes: Uint8Array, message: string): Uint8Array {
  const lines = text(bytes).split("\n");
  const at = lines.findLastIndex((line) => line.endsWith(message));
  return at < 0 ? bytes : new TextEncoder().encode(lines.toSpliced(at, 1).join("\n"));
}
