/** Fuzz target: the same bytes as a file of gigabytes: the first part at its start, the last at its end, zeros between. */

import { check } from "../../src/check/check.js";
import { declared } from "../declared.js";
import { stretched } from "../stretched.js";

export async function fuzz(data: Buffer): Promise<void> {
  await declared(() => check(stretched(new Uint8Array(data))));
}
