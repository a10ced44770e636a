/** Entries of a tar stream (POSIX ustar and pax, GNU, old), by tar-stream. */

import { Readable } from "node:stream";
import type { Header } from "tar-stream";
import { InputError } from "../../errors.js";
import { type ArchiveEntry, noContent } from "./entry.js";
import { decodeName, quoted, safePath } from "./names.js";

const BLOCK = 512;

/**
 * The entries of a tar stream. Throws InputError for what is damaged, cut off, or could lead out of the folder that it is
 * unpacked in. The stream is read to its end. `withoutSpecial`: devices and fifos are passed over.
 */
export async function* readTar(bytes: AsyncIterable<Uint8Array>, withoutSpecial = false): AsyncGenerator<ArchiveEntry> {
  const { extract } = await import("tar-stream");
  // As latin1 every byte of a name arrives as one character, so that it can be seen whether they are UTF-8.
  const options: object = { filenameEncoding: "latin1", allowUnknownFormat: true };
  const parser = extract(options);
  const end = new EndWatch();
  const source = Readable.from(end.watch(bytes), { objectMode: false });
  source.once("error", (error) => parser.destroy(error));
  // The content of an entry only hears that the stream was destroyed; the reason is the parser's error.
  const closed = new Promise<Error | undefined>((resolve) => {
    let reason: Error | undefined;
    parser.once("error", (error) => {
      reason = error;
    });
    parser.once("close", () => {
      source.destroy();
      resolve(reason);
    });
  });
  source.pipe(parser as unknown as NodeJS.WritableStream);
  try {
    for await (const stream of parser) {
      const isSpecial = ["character-device", "block-device", "fifo"].includes(stream.header.type ?? "");
      const content = contentOf(stream as AsyncIterable<Uint8Array>, closed);
      const entry = isSpecial && withoutSpecial ? undefined : entryOf(stream.header, content);
      // What was not read of an entry by whom it was given to is passed over.
      if (entry !== undefined) yield entry;
      stream.resume();
    }
  } catch (error) {
    throw damaged(error);
  }
  end.check();
}

async function* contentOf(stream: AsyncIterable<Uint8Array>, closed: Promise<Error | undefined>): AsyncGenerator<Uint8Array> {
  const iterator = stream[Symbol.asyncIterator]();
  try {
    // By hand: a loop that is left early would destroy the stream, and with it the whole archive.
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } catch (error) {
    throw damaged((await closed) ?? error);
  }
}

function damaged(error: unknown): InputError {
  if (error instanceof InputError) return error;
  const { message } = error as Error;
  if (message === "Unexpected end of data") return new InputError("the tar archive is cut off in the middle of an entry");
  const why = message.startsWith("Invalid tar header")
    ? "the header of an entry does not have its checksum"
    : message.replace(/^./, (first) => first.toLowerCase());
  return new InputError(`the tar archive is damaged: ${why}`);
}

function entryOf(header: Header, content: AsyncIterable<Uint8Array>): ArchiveEntry | undefined {
  const { pax } = header as { pax?: Record<string, string> | null };
  const name = textOf(header.name, pax?.["path"]);
  const path = safePath(name);
  if (Object.keys(pax ?? {}).some((key) => key.startsWith("GNU.sparse."))) throw sparse(name);
  const mode = header.mode === undefined ? undefined : header.mode & 0o7777;
  const base = { path, mode, target: undefined, content: noContent };
  switch (header.type) {
    case "file":
    case "contiguous-file":
      if (path === "") throw new InputError(`entry ${quoted(name)} is a file without a name`);
      return { ...base, kind: "file", content: () => content };
    case "directory":
      return path === "" ? undefined : { ...base, kind: "folder" };
    case "symlink":
      return { ...base, kind: "symlink", target: textOf(header.linkname ?? "", pax?.["linkpath"]) };
    case "link":
      return { ...base, kind: "hardlink", target: safeTarget(name, textOf(header.linkname ?? "", pax?.["linkpath"])) };
    case "character-device":
    case "block-device":
      throw new InputError(`entry ${quoted(name)} is a device; only files, folders and links are packed`);
    case "fifo":
      throw new InputError(`entry ${quoted(name)} is a fifo; only files, folders and links are packed`);
    default:
      throw new InputError(`entry ${quoted(name)} is of a kind that is not read here (sparse, multi-volume, or unknown)`);
  }
}

/** A hard link to a name outside is told as what it is. */
function safeTarget(name: string, target: string): string {
  try {
    return safePath(target);
  } catch (error) {
    throw new InputError(`entry ${quoted(name)} is a hard link to outside: ${(error as Error).message}`);
  }
}

/** Text from a pax record is UTF-8 by its standard and was decoded; everything else is bytes. */
function textOf(latin1: string, fromPax: string | undefined): string {
  return fromPax ?? decodeName(Buffer.from(latin1, "latin1"));
}

function sparse(name: string): InputError {
  return new InputError(`entry ${quoted(name)} is stored as a sparse file; make the archive without --sparse`);
}

/** An archive ends in blocks of zeros. Where it was cut off between two entries nothing else tells. */
class EndWatch {
  #size = 0;
  #last = Buffer.alloc(0);

  async *watch(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.#size += chunk.length;
      this.#last =
        chunk.length >= BLOCK
          ? Buffer.from(chunk.subarray(chunk.length - BLOCK))
          : Buffer.concat([this.#last, chunk]).subarray(-BLOCK);
      yield chunk;
    }
  }

  check(): void {
    if (this.#size === 0) throw new InputError("the tar archive is empty");
    if (this.#size % BLOCK !== 0 || this.#last.some((byte) => byte !== 0)) {
      throw new InputError("the tar archive is cut off: the blocks of zeros at its end are missing");
    }
  }
}
