/** Copies a file or directory of /proc or /sys, whose files tell no size and change while they are read. */

import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";

const MOST_FILES = 20_000;
const MOST_BYTES = 1 << 20;

/** Copies `from` to `to`, as far as it can be read. Says whether that is all of it: half an answer is no evidence. */
export function copyAnswers(from: string, to: string): boolean {
  let files = 0;
  let isWhole = true;
  const copy = (source: string, target: string, isTop: boolean): void => {
    if (++files > MOST_FILES) {
      isWhole = false;
      return;
    }
    try {
      const status = lstatSync(source);
      if (status.isSymbolicLink()) {
        if (isTop) copy(realpathSync(source), target, false);
        else symlinkSync(readlinkSync(source), target);
      } else if (status.isDirectory()) {
        mkdirSync(target, { mode: 0o755 });
        for (const name of readdirSync(source).sort()) copy(`${source}/${name}`, `${target}/${name}`, false);
      } else if (status.isFile()) writeFileSync(target, contentOf(source), { mode: 0o644 });
    } catch (error) {
      // Files that only root may read, or that nobody may: not there for the program either.
      if (isTop) isWhole = false;
      void error;
    }
  };
  copy(from, to, true);
  return isWhole;
}

function contentOf(path: string): Uint8Array {
  const buffer = Buffer.alloc(MOST_BYTES);
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read)
      read = readSync(file, buffer, length, buffer.length - length, null);
    return buffer.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
