/** Which tables the instructions of a line have addressed, for the indirect jump at its end. */

import {
  base,
  displacement,
  extension,
  hasMemory,
  immediate,
  index,
  lowRegister,
  map,
  NONE,
  opcode,
  PRIMARY,
  RIP,
  register,
  SECONDARY,
  scale,
} from "./instruction";

/** Address of a table of 32-bit distances: `lea table(%rip),%r; movslq (%r,%i,4),%i`; NONE without. */
export let words: i64 = NONE;
/** Address of a table of bytes: `mov $table,%r; movzbl (%r,%i,1),%i`; NONE without. */
export let bytes: i64 = NONE;
/** How many entries the last comparison with a constant allows; 0 without one. */
export let entries: i64 = 0;
let constant: i64 = NONE;
let holder: i32 = NONE;

/** Forgets everything: a new line begins. */
export function startTables(): void {
  words = NONE;
  bytes = NONE;
  entries = 0;
  constant = NONE;
  holder = NONE;
}

/** Steps over the instruction decoded last. `next` is the address behind it. */
export function stepTables(next: i64, absoluteImmediates: bool): void {
  const byte = opcode();
  if (map() == PRIMARY) {
    const isGroup1 = byte == 0x80 || byte == 0x81 || byte == 0x83;
    if (byte == 0x3c || byte == 0x3d || (isGroup1 && extension() == 7)) {
      entries = immediate() + 1;
      return;
    }
    if (byte == 0x8d && base() == RIP) {
      constant = next + displacement();
      holder = register();
      return;
    }
    if (absoluteImmediates && byte >= 0xb8 && byte <= 0xbf) {
      constant = immediate();
      holder = lowRegister();
      return;
    }
    if (byte == 0x63 && addressesTable(4)) words = constant;
  } else if (map() == SECONDARY && byte == 0xb6 && addressesTable(1)) bytes = constant;
}

function addressesTable(width: i32): bool {
  return hasMemory() && displacement() == 0 && base() == holder && index() != NONE && scale() == width;
}
