/** The aarch64 half of stack-growsdown: Cosmopolitan's thread stacks in code for 64-bit Arm. */

import type { Finding, Subject } from "./define.js";

/** First version: nothing found. */
export function findAarch64Stacks(_subject: Subject): Promise<Finding | undefined> {
  return Promise.resolve(undefined);
}
