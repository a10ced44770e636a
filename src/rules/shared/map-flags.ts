/** Flags of mmap as constants, which the rules about mappings look for first. */

import { areMapFlags } from "../../code/mappings.js";
import type { Subject } from "../define.js";

/** `mov $flags,%ecx` for the function and `mov $flags,%r10d` for the system call, with no bits but those that flags have. */
export const flagsPatterns = ["b9 ~73 ~f1 ~1f 00", "41 ba ~73 ~f1 ~1f 00"];

/** Where flags that `isWanted` are put into one of the two registers: positions of the instructions. */
export function flagsIn({ space: { bytes }, sightings }: Subject, isWanted: (flags: number) => boolean): number[] {
  return sightings(...flagsPatterns).filter((position) => {
    const at = position + (bytes[position] === 0x41 ? 2 : 1);
    const flags = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    return areMapFlags(flags) && isWanted(flags);
  });
}
