/** Only the length and the segment of an instruction: for sweeps over much code that look closer at few places. */

import { decode } from "./decode.js";
import { ASK_SIB, BEHIND, IMMEDIATE_SHIFT, REGISTER_FORM, WIDENS_SHIFT } from "./entry.js";
import { Instruction, Prefix } from "./instruction.js";
import { entries, modrms } from "./tables.js";

/** Bits of what `scan` returns: the length in bytes, and one bit each where an override of %fs or %gs is in effect. */
export const ScanBits = { Length: 0xff, Fs: 0x100, Gs: 0x200 } as const;

/** Longest plain instruction: REX, 0F, opcode, ModRM, SIB, 4, 4. */
const REACH = 13;

const scratch = new Instruction();

/**
 * The instruction at `at`, as `decode` reads it: its length, 0 where there is none, with `ScanBits`.
 * `code` holds the bytes, `end` is the offset behind the last that may be read.
 */
export function scan(code: Uint8Array, at: number, end: number): number {
  if (end - at < REACH) return scanByDecoding(code, at, end);
  let p = at;
  let opcode = code[p++]!;
  let rex = 0;
  if ((opcode & 0xf0) === 0x40) {
    rex = opcode;
    opcode = code[p++]!;
  }
  if (opcode === 0x0f) opcode = 256 | code[p++]!;
  const entry = entries[opcode]!;
  if (entry < 0) return scanByDecoding(code, at, end);
  const behind = modrms[code[p]!]! & entry;
  const length = p - at + (behind & BEHIND) + ((((entry >> IMMEDIATE_SHIFT) & 31) + ((entry >> WIDENS_SHIFT) & rex)) >> 1);
  if (behind < REGISTER_FORM) return length;
  if (behind < ASK_SIB) return 0;
  return (code[p + 1]! & 7) === 5 ? length + 4 : length;
}

function scanByDecoding(code: Uint8Array, at: number, end: number): number {
  const length = decode(code, at, end, scratch);
  if (length === 0) return 0;
  const { prefixes } = scratch;
  return length | ((prefixes & Prefix.Fs) !== 0 ? ScanBits.Fs : 0) | ((prefixes & Prefix.Gs) !== 0 ? ScanBits.Gs : 0);
}
