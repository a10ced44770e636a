/** Whether a file is an archive that the programs in it can be looked at in. */

import { openFile } from "../../files/file-source.js";
import { readImage } from "../../image/detect.js";

/** By its bytes: an APE, which ends with a zip, is a program. Throws InputError where it cannot be read. */
export async function isArchive(path: string): Promise<boolean> {
  const source = openFile(path);
  try {
    return (await readImage(source)).kind === "archive";
  } finally {
    source.close();
  }
}
