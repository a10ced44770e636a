/** Whether a file is still the one that it was, and still as it was. */

import type { BigIntStats } from "node:fs";

/** What tells a file from every other, and from itself before it was written to. Who writes can set mtime back, but not ctime. */
export interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtime: bigint;
  readonly ctime: bigint;
}

export function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): Identity {
  return { dev, ino, size, mtime: mtimeNs, ctime: ctimeNs };
}

/** Whether both are the same file, whatever has been written to it. */
export function isSameFile(one: Identity, other: Identity): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** Whether both are the same file, and nothing has been done to it in between. */
export function isUnchanged(one: Identity, other: Identity): boolean {
  return isSameFile(one, other) && one.size === other.size && one.mtime === other.mtime && one.ctime === other.ctime;
}

/** Whether its bytes are those of before; other names and permissions may have come and gone. */
export function hasSameBytes(one: Identity, other: Identity): boolean {
  return isSameFile(one, other) && one.size === other.size && one.mtime === other.mtime;
}
