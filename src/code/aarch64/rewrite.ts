/** Rewrites one A64 branch in place so that control goes one way only. */

import type { Deciding } from "./branches.js";
import { type Instruction, NOP } from "./instruction.js";

/** B reaches 128 MiB either way, so whatever a conditional branch reaches (Arm ARM C6.2.26). */
const JUMP = 0x14000000;

/** The word that always takes the other side: NOP where the branch went to the place, else B to where it went. */
export function alwaysOtherSide(deciding: Deciding, branch: Instruction): number {
  return deciding.takenToPlace ? NOP : (JUMP | ((branch.value >> 2) & 0x3ffffff)) >>> 0;
}

/** A word as it stands in the file: little-endian hexadecimal, 8 digits. */
export function hexOfWord(word: number): string {
  let text = "";
  for (let shift = 0; shift < 32; shift += 8) text += ((word >>> shift) & 255).toString(16).padStart(2, "0");
  return text;
}
