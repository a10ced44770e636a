/** Only the length of an instruction: for decoding much code that is looked at closer at few places. */

import { decode } from "./decode.js";
import { ASK_SIB, BEHIND, IMMEDIATE_SHIFT, REGISTER_FORM, WIDENS_SHIFT } from "./entry.js";
import { Instruction } from "./instruction.js";
import { entries, modrms } from "./tables.js";

/** Longest plain instruction: REX, 0F, opcode, ModRM, SIB, 4, 4. */
const REACH = 13;

const scratch = new Instruction();

/**
 * The instruction at `at`, as `decode` reads it: its length, 0 where there is none.
 * `code` holds the bytes, `end` is the offset behind the last that may be read.
 */
export function scan(code: Uint8Array, at: number, end: number): number {
  if (end - at < REACH) return decode(code, at, end, scratch);
  let p = at;
  let opcode = code[p++]!;
  let rex = 0;
  if ((opcode & 0xf0) === 0x40) {
    rex = opcode;
    opcode = code[p++]!;
  }
  if (opcode === 0x0f) opcode = 256 | code[p++]!;
  const entry = entries[opcode]!;
  if (entry < 0) return decode(code, at, end, scratch);
  const behind = modrms[code[p]!]! & entry;
  const length = p - at + (behind & BEHIND) + ((((entry >> IMMEDIATE_SHIFT) & 31) + ((entry >> WIDENS_SHIFT) & rex)) >> 1);
  if (behind < REGISTER_FORM) return length;
  if (behind < ASK_SIB) return 0;
  return (code[p + 1]! & 7) === 5 ? length + 4 : length;
}
