/**
 * Bytes to instructions, as src/x86/decode.ts has it but written down by the thousand. The next instruction begins where this one's length
 * says, so that is asked for first, and where it can without jumps that could be guessed wrongly; the rest happens beside the next one.
 */

import { ASK_SIB, BEHIND, ENTRIES, IMMEDIATE_SHIFT, MODRMS, REGISTER_FORM, REXES, WIDENS_SHIFT } from "../src/x86/entry";
import { RECORD_SIZE } from "../src/x86/record";
import { decodeGeneral } from "./decode-general";
import { LAST, length } from "./instruction";
import { askSib, ofGroup } from "./look-closer";
import { code } from "./memory";
import { TABLES } from "./tables";
import { write } from "./write";

/** Address behind what was decoded last. */
let reached: usize = 0;

/** Decodes the instruction at a position for the questions of instruction.ts. Returns its length, or 0 where there is none before `end`. */
export function decode(at: i32, end: i32): i32 {
  const start = code + usize(at);
  return decodeAll(start, start + 1, code + usize(end), LAST) == LAST ? 0 : length();
}

/**
 * Decodes from instruction to instruction, all that begin from position `from` on and before `to` and end before `end`; where none is,
 * it goes on one byte further. Writes a record for each to `records`, where there is room for `to - from`, and returns how many there are.
 */
export function sweep(from: i32, to: i32, end: i32, records: usize): i32 {
  return i32(decodeAll(code + usize(from), code + usize(to), code + usize(end), records) - records) / RECORD_SIZE;
}

/** Position at which the sweep is to go on. */
export function sweptTo(): i32 {
  return i32(reached - code);
}

/** As `sweep`, with addresses for positions; returns the address behind the last record. */
function decodeAll(from: usize, to: usize, end: usize, records: usize): usize {
  let start = from;
  let record = records;
  while (start < to) {
    // Most instructions: REX or none, 0F or none, opcode, and whatever that has behind it.
    const first = load<u64>(start);
    const rex: i32 = load<u8>(usize(u8(first)), TABLES + REXES);
    let word = select<u64>(first >> 8, first, (first & 0xf0) == 0x40);
    let behindOpcode = start + 1 + usize(rex >> 6);
    let entry = load<i32>(usize(u8(word)) << 2, TABLES + ENTRIES);
    if (entry < 0) {
      if (u8(word) == 0x0f) {
        word >>= 8;
        behindOpcode++;
        entry = load<i32>(usize(u8(word)) << 2, TABLES + ENTRIES + 1024);
      } else entry = ofGroup(entry, i32(word >> 8));
      if (entry < 0) {
        const next = decodeGeneral(record, start, end);
        if (next != 0) record += RECORD_SIZE;
        start = max(next, start + 1);
        continue;
      }
    }
    let behind = i32(load<u8>(usize(u8(word >> 8)), TABLES + MODRMS)) & entry;
    if (behind >= REGISTER_FORM) {
      if (behind < ASK_SIB) {
        start++;
        continue;
      }
      behind = askSib(behind, i32(word >> 16));
    }
    const size = usize((((entry >> IMMEDIATE_SHIFT) & 31) + ((entry >> WIDENS_SHIFT) & rex)) >> 1);
    // In this order: what `behind` tells is known last.
    const next = behindOpcode + size + usize(behind & BEHIND);
    if (next > end) {
      start++;
      continue;
    }
    write(record, start, next - size, next, word, entry, behind, rex, 0);
    record += RECORD_SIZE;
    start = next;
  }
  reached = start;
  return record;
}
