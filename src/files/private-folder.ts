/** Temporary directories: only this user may enter them, and they are gone whatever ends the process, short of SIGKILL. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEnd } from "./signals.js";

export interface PrivateFolder {
  readonly folder: string;
  /** Removes it with all that is in it. */
  remove(): void;
}

/**
 * Makes a directory whose path is `prefix` and something random, mode 0700. Throws what mkdtemp(3) does.
 * Signals are listened to before it is there: one that came between would leave it behind.
 */
export function privateFolder(prefix: string): PrivateFolder {
  let folder: string | undefined;
  const remove = () => {
    // Again where it fails: a write that is under way may put a file into a directory that is being emptied (ENOTEMPTY).
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  };
  const forget = beforeEnd(remove);
  try {
    folder = mkdtempSync(prefix);
  } catch (error) {
    forget();
    throw error;
  }
  return {
    folder,
    remove() {
      remove();
      forget();
    },
  };
}

/** The same among the system's temporary files; `name` says what it is for. */
export function temporaryFolder(name: string): PrivateFolder {
  return privateFolder(join(tmpdir(), `sandfit-${name}-`));
}
