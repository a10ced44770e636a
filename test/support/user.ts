/** The words in front of a command that make it an ordinary user's, and a folder for every user. */

import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** Users to run as: this one, and nobody where this is root. */
export const USERS: readonly (readonly [string, readonly string[]])[] = [
  ["this user", []],
  ...(userInfo().uid === 0
    ? [["nobody", ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]] as const]
    : []),
];

/** A folder that everybody may read and write in. */
export function sharedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sandfit-shared-"));
  chmodSync(folder, 0o777);
  return folder;
}
