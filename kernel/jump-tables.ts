/** Which tables the instructions of a line have addressed, for the indirect jump at its end. */

import {
  base,
  disp,
  extension,
  hasMemory,
  imm,
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
} from "./decode";

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
  if (map == PRIMARY) {
    const isGroup1 = opcode == 0x80 || opcode == 0x81 || opcode == 0x83;
    if (opcode == 0x3c || opcode == 0x3d || (isGroup1 && extension() == 7)) {
      entries = imm + 1;
      return;
    }
    if (opcode == 0x8d && base() == RIP) {
      constant = next + disp;
      holder = register();
      return;
    }
    if (absoluteImmediates && opcode >= 0xb8 && opcode <= 0xbf) {
      constant = imm;
      holder = lowRegister();
      return;
    }
    if (opcode == 0x63 && addressesTable(4)) words = constant;
  } else if (map == SECONDARY && opcode == 0xb6 && addressesTable(1)) bytes = constant;
}

function addressesTable(width: i32): bool {
  return hasMemory() && disp == 0 && base() == holder && index() != NONE && scale() == width;
}
