/** Checks one file by its name: the report, or why there is none. */

import { check } from "../check/check.js";
import type { FileError, FileReport } from "../check/model.js";
import { InputError } from "../errors.js";
import { openFile } from "../files/file-source.js";
import type { Target } from "../gvisor/gvisor.js";
import { surroundingsOf } from "../input/surroundings.js";
import { refuseInterrupted } from "../write/interrupted.js";

export async function checkFile(name: string, target: Target): Promise<FileReport | FileError> {
  return orError(name, async () => {
    const source = openFile(name);
    try {
      await refuseInterrupted(source);
      return await check(source, target, surroundingsOf(name));
    } finally {
      source.close();
    }
  });
}

/** What `run` gives; what is wrong with the input becomes the answer about this file. */
export async function orError(name: string, run: () => Promise<FileReport>): Promise<FileReport | FileError> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof InputError) return { name, error: error.message };
    throw error;
  }
}
