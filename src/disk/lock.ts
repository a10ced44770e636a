/** One Sandfit at a time writes a file. */

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { createServer } from "node:net";
import { basename, dirname } from "node:path";
import { InputError } from "../errors.js";
import { nodeBinding } from "./node-binding.js";

/** A name in that space has up to 108 bytes, of which the first is zero (unix(7), sun_path). */
const NAME_BYTES = 108;
/** Node takes long to load what makes hashes, so only long names have one. */
const MOST_BYTES = 90;

/** Of Linux (errno(3)), which alone has such names. */
const EADDRINUSE = 98;

/**
 * Runs something while no other Sandfit of this machine does the same for `path`; throws InputError where one is at it.
 * The lock is a name in Linux's abstract socket space (unix(7)): nothing on the disk, and gone with the process however it
 * ends. Nobody connects to it. Other systems have no such names; there nothing is locked.
 */
export async function alone<T>(path: string, run: () => Promise<T>): Promise<T> {
  if (process.platform !== "linux") return run();
  const folder = statSync(dirname(path));
  const place = `${folder.dev}:${folder.ino}/${basename(path)}`;
  const isShort = Buffer.byteLength(place) <= MOST_BYTES;
  const name = `\0sandfit-${isShort ? place : createHash("sha256").update(place).digest("hex")}`;
  // Node 20 fills the name up with zeros, which are part of it; later ones do not. So that they meet, it is full in all.
  const full = name.padEnd(name.length + NAME_BYTES - Buffer.byteLength(name), "\0");
  const release = takeByBinding(full, path) ?? (await takeByServer(full, path));
  try {
    return await run();
  } finally {
    release();
  }
}

const inUse = (path: string) => new InputError(`${path} is being written by another sandfit`);

/** Takes the name and returns what gives it back. Where even taking names is forbidden, writing is as safe as it was without a lock. */
function takeByServer(name: string, path: string): Promise<() => void> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    const release = () => void server.close();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? reject(inUse(path)) : resolve(release),
    );
    server.listen({ path: name, exclusive: true }, () => {
      server.unref();
      resolve(release);
    });
  });
}

/** The part of Node that node:net is built on. */
interface PipeBinding {
  readonly Pipe: new (type: number) => { bind(name: string): number; close(): void };
  readonly constants: { readonly SERVER: number };
}

/** The same without node:net, which takes longer to load than the whole of writing: undefined where Node does not offer that. */
function takeByBinding(name: string, path: string): (() => void) | undefined {
  const binding = nodeBinding<PipeBinding>("pipe_wrap");
  if (binding === undefined) return undefined;
  const pipe = new binding.Pipe(binding.constants.SERVER);
  const error = pipe.bind(name);
  const release = () => pipe.close();
  if (error !== -EADDRINUSE) return release;
  release();
  throw inUse(path);
}
