/** What is fuzzed, by name. */

import { fuzz as archive } from "./archive.js";
import { fuzz as decode } from "./decode.js";
import { fuzz as image } from "./image.js";
import { fuzz as large } from "./large.js";
import { fuzz as plan } from "./plan.js";
import { fuzz as zip } from "./zip.js";

export const targets: Readonly<Record<string, (data: Buffer) => void | Promise<void>>> = {
  archive,
  decode,
  image,
  large,
  plan,
  zip,
};
