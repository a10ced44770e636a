/** Fuzz target: every table of an image, its archive included. */

import { readEverything } from "../../test/fixtures/images/read.js";
import { declared } from "../declared.js";
import { fileInMemory } from "../file-in-memory.js";

export async function fuzz(data: Buffer): Promise<void> {
  await declared(() => readEverything(fileInMemory(new Uint8Array(data))));
}
