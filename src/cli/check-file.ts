/** Checks one file by its name: the report, or why there is none. */

import { check } from "../check/check.js";
import type { FileError, FileReport } from "../check/model.js";
import { InputError, NoProgramError } from "../errors.js";
import { openFile } from "../files/file-source.js";
import type { Target } from "../gvisor/gvisor.js";
import { surroundingsOf } from "../input/surroundings.js";
import { refuseInterrupted } from "../write/interrupted.js";

/** What became of one file. `isProgram` is false where the file is sound and no program for Linux. */
export type Answer = FileReport | (FileError & { readonly isProgram?: false });

export async function checkFile(name: string, target: Target): Promise<Answer> {
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
export async function orError(name: string, run: () => Promise<FileReport>): Promise<Answer> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof NoProgramError) return { name, error: error.message, isProgram: false };
    if (error instanceof InputError) return { name, error: error.message };
    throw error;
  }
}
