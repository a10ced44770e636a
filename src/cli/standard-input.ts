/** Standard input as bytes. */

import { fstatSync } from "node:fs";
import { InputError } from "../errors.js";

const STANDARD_INPUT = 0;
/** More than any program that is piped; larger ones are checked by name, where they need not be read whole. */
const MOST_BYTES = 1024 * 1024 * 1024;

/** Reads all of standard input. Throws InputError where it is larger than 1 GiB. */
export async function readStandardInput(): Promise<Uint8Array> {
  // Node gives nothing of a folder, and no error.
  if (fstatSync(STANDARD_INPUT).isDirectory()) throw new InputError("standard input is a folder, not a file");
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new InputError("standard input is larger than 1 GiB; check the file by its name instead");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
