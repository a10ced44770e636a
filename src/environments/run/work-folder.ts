/** The folder in which a run starts: an empty one, or a fresh copy of what the user names. */

import { cpSync, mkdirSync, rmSync } from "node:fs";
import { InputError } from "../../errors.js";
import { reasonOf } from "../../files/file-source.js";

/** What Node says of a folder that it cannot copy. */
const reasons: Readonly<Record<string, string>> = {
  ERR_FS_CP_EINVAL: "its copy would lie in it",
  ERR_FS_CP_FIFO_PIPE: "there is a fifo in it",
  ERR_FS_CP_SOCKET: "there is a socket in it",
  ERR_FS_CP_UNKNOWN: "there is a device in it",
};

/** Makes `folder` anew, with what is in `from`. Throws InputError where that cannot be copied. */
export function makeWorkFolder(folder: string, from: string | undefined): void {
  rmSync(folder, { recursive: true, force: true });
  if (from === undefined) {
    mkdirSync(folder);
    return;
  }
  try {
    cpSync(from, folder, { recursive: true, verbatimSymlinks: true });
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new InputError(`--folder ${from} cannot be copied: ${reasons[code] ?? reasonOf(error)}`);
  }
}
