/** Runs something on bytes that may be anything: the two errors that Sandfit declares are fine, every other one is a find. */

import { InputError, RefusedError } from "../src/errors.js";

const LONGEST_SENTENCE = 1000;

export async function declared(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof InputError || error instanceof RefusedError)) throw error;
    const sentences = error instanceof RefusedError ? error.reasons : [error.message];
    for (const sentence of sentences) {
      if (sentence.length > LONGEST_SENTENCE || sentence.includes("\n")) throw new Error(`no sentence: ${sentence}`);
    }
  }
}
