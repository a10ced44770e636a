/** Fuzz target: every table of an image, its archive included. */

import { memorySource } from "../../src/bytes/source.js";
import { readEverything } from "../../test/fixtures/images/read.js";
import { declared } from "../declared.js";

export async function fuzz(data: Buffer): Promise<void> {
  await declared(() => readEverything(memorySource(new Uint8Array(data))));
}
