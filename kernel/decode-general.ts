/** One instruction of any kind: with prefixes, in any map, VEX, EVEX, XOP, and opcodes whose ModRM byte says what they are. */

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
  MODRM,
  MODRMS,
  NARROWS,
  POP,
  POP_OR_XOP,
  PREFIX_SHIFT,
  REGISTER_FORM,
  REX,
  SECONDARY_MAP,
  TAKES_BACK_SHIFT,
  THIRD_BYTE,
  THREE_DNOW,
  THREE_DNOW_SUFFIXES,
  VECTOR,
  WIDENS_SHIFT,
} from "../src/x86/entry";
import { VVVV } from "../src/x86/record";
import { LOCK, OPERAND_SIZE, PRIMARY, SECONDARY, THREE_DNOW_MAP } from "./instruction";
import { askSib, lookCloser, ofGroup } from "./look-closer";
import { TABLES } from "./tables";
import { readVector, vectorMap, vectorOpcode, vectorRex, vvvv } from "./vector";
import { writeOpcode, writeRest } from "./write";

const MAX_LENGTH: usize = 15;

// What has been read so far.
/** Address of the opcode. */
let opcodeAt: usize = 0;
/** Eight bytes, the opcode first. */
let word: u64 = 0;
let map: i32 = 0;
let rex: i32 = 0;
let prefixes: i32 = 0;
/** Which of them is part of the opcode: 0 none, 1 66, 2 F3, 3 F2. */
let mandatory: i32 = 0;

/**
 * Decodes the instruction at `start`, as src/x86/decode.ts does, and writes its record. Returns the address behind it, or 0 where there
 * is none before `end`. Exported by index.ts, so that it stays a function and out of the loop that calls it.
 */
export function decodeGeneral(record: usize, start: usize, end: usize): usize {
  const entry = readOpcode(start);
  const behind = askSib(load<u8>(usize(u8(word >> 8)), TABLES + MODRMS) & entry, i32(word >> 16));
  const twice = ((entry >> IMMEDIATE_SHIFT) & 31) + ((entry >> WIDENS_SHIFT) & rex);
  const next = opcodeAt + 1 + usize(twice >> 1) + usize(behind & BEHIND);
  if (entry < 0 || (behind & REGISTER_FORM) != 0 || next > min(end, start + MAX_LENGTH)) return 0;
  writeOpcode(record, word, entry, map, rex, prefixes);
  writeRest(record, start, next, behind, twice);
  store<u8>(record, u8(vvvv), VVVV);
  return next;
}

/** Returns the entry of the opcode, with what ModRM and prefixes change of it; negative where there is no instruction. */
function readOpcode(start: usize): i32 {
  prefixes = 0;
  mandatory = 0;
  rex = 0;
  map = PRIMARY;
  for (let p = start; p < start + MAX_LENGTH; p++) {
    const byte: i32 = load<u8>(p);
    let entry = load<i32>(usize((map << 8) | byte) << 2, TABLES + ENTRIES);
    if (map == PRIMARY) entry = ofGroup(entry, load<u8>(p, 1));
    const kind = entry & KIND;
    const isOpcode = (entry & ESCAPE) != ESCAPE;
    if (isOpcode || kind > THIRD_BYTE) {
      opcodeAt = p;
      word = load<u64>(p);
      return isOpcode ? withPrefixes(entry) : uncommon(kind);
    }
    if (kind == LEGACY_PREFIX) readPrefix(entry);
    else if (kind == REX) rex = byte;
    else if (kind == SECONDARY_MAP) map = SECONDARY;
    else if (kind == THIRD_BYTE) map = byte == 0x38 ? 2 : 3;
    else return ESCAPE;
  }
  return ESCAPE;
}

function readPrefix(entry: i32): void {
  // REX counts only directly before the opcode.
  rex = 0;
  prefixes = (prefixes & ~(entry >> TAKES_BACK_SHIFT)) | ((entry >> PREFIX_SHIFT) & 0xff);
  const next = (entry >> MANDATORY_SHIFT) & 3;
  mandatory = select<i32>(next, max(mandatory, next), next >= 2);
}

/** The entry of an opcode with what ModRM and prefixes change of it. */
function withPrefixes(plain: i32): i32 {
  let entry = plain;
  if (entry < 0 || mandatory != 0) entry = lookCloser(entry & ~CLOSER, map, i32(word), mandatory, prefixes);
  if ((entry & NARROWS) != 0 && (prefixes & OPERAND_SIZE) != 0 && (rex & 8) == 0) entry -= 4 << IMMEDIATE_SHIFT;
  return (prefixes & LOCK) != 0 && !lockAllowed() ? ESCAPE : entry;
}

function lockAllowed(): bool {
  const modrm = i32(word >> 8) & 0xff;
  if (map > SECONDARY || modrm >= 0xc0) return false;
  return (load<u8>(usize((map << 8) | (i32(word) & 0xff)), TABLES + LOCKABLE) & (1 << ((modrm >> 3) & 7))) != 0;
}

/** The opcodes that have no entry of their own. */
function uncommon(kind: i32): i32 {
  // The map number of XOP stands where pop, which is /0 alone, has its ModRM.
  if (kind == POP_OR_XOP && (load<u8>(opcodeAt, 1) & 0x1f) < 8) return withPrefixes(POP);
  if (kind != VECTOR && kind != POP_OR_XOP)
    return (prefixes & LOCK) != 0 ? ESCAPE : kind == THREE_DNOW ? threeDNow() : controlRegister();
  return rex == 0 ? vector() : ESCAPE;
}

function vector(): i32 {
  const entry = readVector(opcodeAt, prefixes);
  opcodeAt = vectorOpcode;
  word = load<u64>(opcodeAt);
  map = vectorMap;
  rex = vectorRex;
  return entry;
}

/** Last of all is the byte that tells which 3DNow! instruction it is. */
function threeDNow(): i32 {
  const behind = askSib(load<u8>(usize(u8(word >> 8)), TABLES + MODRMS) & MODRM, i32(word >> 16));
  const suffix = load<u8>(opcodeAt + 1 + usize(behind & BEHIND));
  if (load<u8>(usize(suffix), TABLES + THREE_DNOW_SUFFIXES) == 0) return ESCAPE;
  word = (word & ~0xff) | suffix;
  map = THREE_DNOW_MAP;
  return MODRM | (2 << IMMEDIATE_SHIFT);
}

/** The processor reads mod as 3 whatever it is. There are %cr0, 2, 3, 4, 8 and %dr0 to 7. */
function controlRegister(): i32 {
  const number = (i32(word >> 11) & 7) | ((rex & 4) << 1);
  word |= 0xc000;
  return ((word & 1) == 0 ? (number <= 4 ? number != 1 : number == 8) : number < 8) ? MODRM : ESCAPE;
}
