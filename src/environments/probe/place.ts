/** Puts a small program into a private folder from which it may be executed, with what it starts, and takes all of it away again. */

import { accessSync, constants, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../../errors.js";
import { type PrivateFolder, privateFolder } from "../../files/private-folder.js";

export interface Placed {
  readonly path: string;
  /** Folders that were tried before and why they would not do, one sentence each. */
  readonly notes: readonly string[];
  dispose(): void;
}

/** Folders to try, in this order. */
export function candidateFolders(): string[] {
  const all = [tmpdir(), process.env["XDG_RUNTIME_DIR"], "/dev/shm", process.cwd(), homedir()];
  return [...new Set(all.filter((folder): folder is string => folder !== undefined && folder !== ""))];
}

export interface PlacedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** Writes `bytes` as a program that only this user can read and run, into the first folder that allows it, and other files beside it. */
export function placeProgram(
  bytes: Uint8Array,
  name: string,
  candidates: readonly string[] = candidateFolders(),
  beside: readonly PlacedFile[] = [],
): Placed {
  const notes: string[] = [];
  for (const candidate of candidates) {
    let place: PrivateFolder | undefined;
    try {
      place = privateFolder(join(candidate, `sandfit-${name}-`));
      const { folder, remove } = place;
      const path = join(folder, name);
      writeFileSync(path, bytes, { mode: 0o700 });
      // access(2): X_OK fails with EACCES for a file on a file system that is mounted noexec.
      accessSync(path, constants.X_OK);
      for (const file of beside) writeFileSync(join(folder, file.name), file.bytes, { mode: file.mode });
      return { path, notes, dispose: remove };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      place?.remove();
      notes.push(
        place !== undefined && code === "EACCES"
          ? `${candidate} is mounted noexec`
          : `${candidate} cannot be written to (${code ?? String(error)})`,
      );
    }
  }
  throw new InputError(`no folder to put a small program into: ${notes.join("; ")}`);
}
