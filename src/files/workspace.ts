/** A private folder beside an output, in which everything is made ready before it takes the output's name. */

import { basename, dirname, join } from "node:path";
import { unwritable } from "./file-source.js";
import { type PrivateFolder, privateFolder } from "./private-folder.js";

/**
 * Makes a folder beside `output` (so that a rename is enough later), which only this user may enter; it goes when the
 * process is told to end. Throws InputError where that folder's place cannot be written.
 */
export function workspaceBeside(output: string): PrivateFolder {
  try {
    return privateFolder(join(dirname(output), `.${basename(output).slice(0, 200)}.sandfit-`));
  } catch (error) {
    throw unwritable(output, error);
  }
}
