/** Tar and gzip with the same bytes for the same items, at any time and on any machine. */

import { createReadStream } from "node:fs";
import type { Pack } from "tar-stream";
import type { Item } from "./item.js";

/** 1980-01-01, the earliest that all archive formats can say; GNU tar remarks on 1970 as implausible. */
export const FIXED_TIME = new Date(315_532_800_000);

/** The tar stream of some items, in their order; further names of a file become hard links. */
export async function* tarOf(items: readonly Item[]): AsyncGenerator<Uint8Array> {
  const { pack } = await import("tar-stream");
  const stream = pack();
  const fed = feed(stream, items).catch((error) => stream.destroy(error));
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } finally {
    stream.destroy();
    await fed;
  }
}

async function feed(stream: Pack, items: readonly Item[]): Promise<void> {
  const firstNames = new Map<unknown, string>();
  const owner = { uid: 0, gid: 0, mtime: FIXED_TIME };
  for (const item of items) {
    if (item.kind === "folder") {
      stream.entry({ ...owner, name: `${item.path}/`, type: "directory", mode: item.mode });
    } else if (item.kind === "symlink") {
      stream.entry({ ...owner, name: item.path, type: "symlink", linkname: item.target, mode: 0o777 });
    } else {
      const { path, mode, content } = item;
      const first = firstNames.get(content);
      if (first !== undefined) stream.entry({ ...owner, name: path, type: "link", linkname: first, mode });
      else {
        firstNames.set(content, path);
        await feedFile(stream, { ...owner, name: path, type: "file", mode, size: content.size }, content.file);
      }
    }
  }
  stream.finalize();
}

async function feedFile(stream: Pack, header: Parameters<Pack["entry"]>[0], file: string): Promise<void> {
  let settle: (error?: Error | null) => void = () => {};
  const done = new Promise<void>((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve());
  });
  done.catch(() => {});
  const sink = stream.entry(header, settle);
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
    // A reader that has gone away never drains; the stream's end tells then.
    if (!sink.write(chunk)) await Promise.race([new Promise<void>((drained) => sink.once("drain", () => drained())), done]);
  }
  sink.end(null);
  await done;
}

/** Fixed, because how the input is cut may change what deflate finds. */
const PIECE = 128 * 1024;

/**
 * Gzip by pako, not by node:zlib: the latter's bytes depend on the processor (its hash uses what instructions there are)
 * and on the zlib that Node was built with. pako is zlib in plain arithmetic, comes with Sandfit, and always gives the same. (fflate's
 * streams, which were here before, sometimes refer to bytes in front of the first, which zlib refuses.)
 * One member: some readers, such as Rust's GzDecoder, stop after the first. pako's header holds no name and no time.
 */
export function gzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  return packed(bytes, { gzip: true });
}

/** The same without gzip's header and sum, as zip has it. */
export function deflated(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  return packed(bytes, { raw: true });
}

async function* packed(
  bytes: AsyncIterable<Uint8Array>,
  form: { readonly gzip: true } | { readonly raw: true },
): AsyncGenerator<Uint8Array> {
  const { Deflate } = await import("pako");
  const gzip = new Deflate({ level: 6, ...form });
  let out: Uint8Array[] = [];
  gzip.onData = (chunk) => out.push(chunk);
  const piece = Buffer.alloc(PIECE);
  let filled = 0;
  const push = function* (isLast: boolean): Generator<Uint8Array> {
    if (!gzip.push(piece.subarray(0, filled), isLast)) throw new Error(`pako: ${gzip.msg}`);
    filled = 0;
    yield* out;
    out = [];
  };
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(PIECE - filled, chunk.length - at);
      piece.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled === PIECE) yield* push(false);
    }
  }
  yield* push(true);
}
