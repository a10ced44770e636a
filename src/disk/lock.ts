/** One Sandfit at a time writes a file. */

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { createServer } from "node:net";
import { basename, dirname } from "node:path";
import { InputError } from "../errors.js";

/** A name in that space has up to 107 bytes (unix(7), sun_path). Node takes long to load what makes hashes, so only long names have one. */
const MOST_BYTES = 90;

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
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") reject(new InputError(`${path} is being written by another sandfit`));
      // Where even this is forbidden, writing is as safe as it was without a lock.
      else resolve();
    });
    server.listen({ path: name, exclusive: true }, resolve);
  });
  server.unref();
  try {
    return await run();
  } finally {
    server.close();
  }
}
