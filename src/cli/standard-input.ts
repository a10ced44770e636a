/** Standard input as bytes. */

import { InputError } from "../errors.js";

/** More than any program that is piped; larger ones are checked by name, where they need not be read whole. */
const MOST_BYTES = 1024 * 1024 * 1024;

/** Reads all of standard input. Throws InputError where it is larger than 1 GiB. */
export async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new InputError("standard input is larger than 1 GiB; check the file by its name instead");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
