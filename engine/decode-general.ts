/** One instruction of any kind: with prefixes, in any map, and opcodes whose ModRM byte says what they are. */

import {
  BEHIND,
  CLOSER,
  ENTRIES,
  ESCAPE,
  IMMEDIATE_SHIFT,
  KIND,
  LEGACY_PREFIX,
  LOCKABLE,
  MANDATORY_SHIFT,
  MODRMS,
  NARROWS,
  PREFIX_SHIFT,
  REGISTER_FORM,
  REX,
  SECONDARY_MAP,
  TAKES_BACK_SHIFT,
  THIRD_BYTE,
  WIDENS_SHIFT,
} from "../src/x86/entry";
import { VVVV } from "../src/x86/record";
import { LOCK, OPERAND_SIZE, PRIMARY, SECONDARY } from "./instruction";
import { askSib, lookCloser, ofGroup } from "./look-closer";
import { TABLES } from "./tables";
import { readUncommon, uncommonOpcode, uncommonRex, uncommonWord } from "./uncommon";
import { vvvv } from "./vector";
import { write } from "./write";

const MAX_LENGTH: usize = 15;

/**
 * Decodes the instruction at `start`, as src/x86/decode.ts does, and writes its record. Returns the address behind it, or 0 where there
 * is none before `end`. Exported by index.ts, so that it stays a function and out of the loop that calls it.
 */
export function decodeGeneral(record: usize, start: usize, end: usize): usize {
  let p = start;
  let prefixes = 0;
  // Which of them is part of the opcode: 0 none, 1 66, 2 F3, 3 F2.
  let mandatory = 0;
  let rex = 0;
  let map = PRIMARY;
  let entry = 0;
  while (true) {
    if (p == start + MAX_LENGTH) return 0;
    const byte: i32 = load<u8>(p);
    entry = load<i32>(usize((map << 8) | byte) << 2, TABLES + ENTRIES);
    const kind = entry & KIND;
    if ((entry & ESCAPE) != ESCAPE || kind > THIRD_BYTE) break;
    p++;
    if (kind == LEGACY_PREFIX) {
      // REX counts only directly before the opcode.
      rex = 0;
      prefixes = (prefixes & ~(entry >> TAKES_BACK_SHIFT)) | ((entry >> PREFIX_SHIFT) & 0xff);
      const next = (entry >> MANDATORY_SHIFT) & 3;
      mandatory = next >= 2 ? next : max(mandatory, next);
    } else if (kind == REX) rex = byte;
    else if (kind == SECONDARY_MAP) map = SECONDARY;
    else if (kind == THIRD_BYTE) map = byte == 0x38 ? 2 : 3;
    else return 0;
  }
  let word = load<u64>(p);
  entry = ofGroup(entry, i32(word >> 8));
  if ((entry & ESCAPE) == ESCAPE) {
    entry = readUncommon(entry & KIND, p, rex, prefixes);
    mandatory = 0;
    p = uncommonOpcode;
    rex = uncommonRex;
    word = uncommonWord;
  }
  if (entry < 0 || mandatory != 0) {
    if ((entry & ESCAPE) == ESCAPE) return 0;
    entry = lookCloser(entry & ~CLOSER, map, i32(word), mandatory, prefixes);
    if (entry < 0) return 0;
  }
  if ((entry & NARROWS) != 0 && (prefixes & OPERAND_SIZE) != 0 && (rex & 8) == 0) entry -= 4 << IMMEDIATE_SHIFT;
  if ((prefixes & LOCK) != 0 && !lockAllowed(map, i32(word))) return 0;
  const behind = askSib(load<u8>(usize(u8(word >> 8)), TABLES + MODRMS) & entry, i32(word >> 16));
  const rest = p + 1 + usize(behind & BEHIND);
  const next = rest + usize((((entry >> IMMEDIATE_SHIFT) & 31) + ((entry >> WIDENS_SHIFT) & rex)) >> 1);
  if ((behind & REGISTER_FORM) != 0 || next > min(end, start + MAX_LENGTH)) return 0;
  write(record, start, rest, next, word, entry, behind, rex, prefixes);
  store<u8>(record, u8(vvvv), VVVV);
  return next;
}

/** `word` begins with opcode and ModRM. */
function lockAllowed(map: i32, word: i32): bool {
  const modrm = (word >> 8) & 0xff;
  if (map > SECONDARY || modrm >= 0xc0) return false;
  return (load<u8>(usize((map << 8) | (word & 0xff)), TABLES + LOCKABLE) & (1 << ((modrm >> 3) & 7))) != 0;
}
