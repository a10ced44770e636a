/** One Sandfit at a time writes a file. */

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { createServer } from "node:net";
import { basename, dirname } from "node:path";
import { InputError } from "../errors.js";

/** A name in that space has up to 108 bytes, of which the first is zero (unix(7), sun_path). */
const NAME_BYTES = 108;

/**
 * Runs something while no other Sandfit of this machine does the same for `path`; throws InputError where one is at it.
 * The lock is a name in Linux's abstract socket space (unix(7)): nothing on the disk, and gone with the process however it
 * ends. Nobody connects to it. Other systems have no such names; there nothing is locked.
 */
export async function alone<T>(path: string, run: () => Promise<T>): Promise<T> {
  if (process.platform !== "linux") return run();
  const folder = statSync(dirname(path));
  const place = `${folder.dev}:${folder.ino}/${basename(path)}`;
  const name = `\0sandfit-${createHash("sha256").update(place).digest("hex")}`;
  // Node 20 fills the name up with zeros, which are part of it; later ones do not. So that they meet, it is full in all.
  const release = await take(name.padEnd(NAME_BYTES, "\0"), path);
  try {
    return await run();
  } finally {
    release();
  }
}

/** Takes the name and returns what gives it back. Where even taking names is forbidden, writing is as safe as it was without a lock. */
function take(name: string, path: string): Promise<() => void> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    const release = () => void server.close();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? reject(new InputError(`${path} is being written by another sandfit`)) : resolve(release),
    );
    server.listen({ path: name, exclusive: true }, () => {
      server.unref();
      resolve(release);
    });
  });
}
