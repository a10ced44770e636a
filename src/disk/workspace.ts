/** A private folder beside an output, in which everything is made ready before it takes the output's name. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { removeOnSignal, unwritable } from "./replace.js";

export interface Workspace {
  readonly folder: string;
  /** Removes it with all that is in it. */
  remove(): void;
}

/**
 * Makes a folder beside `output` (so that a rename is enough later), which only this user may enter; it goes when the
 * process is told to end. Throws InputError where that folder's place cannot be written.
 */
export function workspaceBeside(output: string): Workspace {
  try {
    // mkdtemp(3) makes it with mode 0700.
    return kept(mkdtempSync(join(dirname(output), `.${basename(output).slice(0, 200)}.sandfit-`)));
  } catch (error) {
    throw unwritable(output, error);
  }
}

/** The same among the system's temporary files, for what is only looked at. */
export function temporaryWorkspace(): Workspace {
  return kept(mkdtempSync(join(tmpdir(), "sandfit-")));
}

function kept(folder: string): Workspace {
  const forget = removeOnSignal(folder);
  return {
    folder,
    remove() {
      rmSync(folder, { recursive: true, force: true });
      forget();
    },
  };
}
