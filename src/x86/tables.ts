/** The opcode maps as the decoder reads them: what `opcode-maps.ts` says, expanded into typed arrays at load. */

import {
  FLOWS,
  type Forms,
  LOCKABLE,
  MAP_0F3A_FORMS,
  MAP_0F38_FORMS,
  PRIMARY,
  PRIMARY_FORMS,
  SECONDARY,
  SECONDARY_FORMS,
  THREE_DNOW,
} from "./opcode-maps.js";

/**
 * How opcodes of VEX, XOP and EVEX are written down: a class says which encodings of an opcode exist, nearly in the manuals'
 * terms (SDM vol. 2A, 3.1.1.2 and 2.7):
 * `W0` or `W1`, none where W is ignored; `L012` the vector lengths (0 for 128 bits, 1 for 256, 2 for 512);
 * `m` memory form only, `r` register form only; `/246` these /reg only; `s` with SIB byte only;
 * `v` an operand in vvvv, `vr` in the register form only;
 * `k` the operands in reg and vvvv are mask registers, of which there are eight; EVEX: and the mask cannot zero;
 * EVEX: `kz` mask and zeroing, `sk` no zeroing in the memory form, `K` mask required; `b` broadcast, `b1` with W1 only;
 * `er` rounding, or no exceptions.
 */
export type Classes = readonly (readonly [spec: string, opcodes: string])[];

/** What follows opcode and ModRM: the low four bits of an entry. */
export const Imm = {
  None: 0,
  Byte: 1,
  Word: 2,
  /** 4 bytes; 2 with 66 and without REX.W. */
  Z: 3,
  /** mov $imm,%reg: 8 bytes with REX.W, 2 with 66, else 4. */
  V: 4,
  Rel8: 5,
  /** 4 bytes whatever the prefixes: Intel processors ignore 66 here (SDM vol. 2A, "CALL"), AMD's take 2 bytes. */
  Rel32: 6,
  /** enter: 2 bytes and 1. */
  Enter: 7,
  /** mov %al,moffs: an address of 8 bytes, 4 with 67. */
  Offset: 8,
  /** F6: 1 byte for /0 and /1 (test), else none. */
  TestByte: 9,
  /** F7: as `Z` for /0 and /1 (test), else none. */
  TestZ: 10,
  /** 0F 78: 2 bytes with 66 (extrq) and F2 (insertq), else none (vmread). */
  Extrq: 11,
} as const;

/** An entry: bits 0-3 `Imm`, bit 4 ModRM, bits 5-8 `Flow`, bits 9-14 row of `forms`. Bit 15: no opcode, bits 0-2 `Escape`. */
export const MODRM = 0x10;
export const FLOW_SHIFT = 5;
export const FORM_SHIFT = 9;
export const ESCAPE = 0x8000;
export const Escape = { Invalid: 0, Prefix: 1, Rex: 2, Secondary: 3, Vector: 4, PopOrXop: 5 } as const;

const LETTERS: Readonly<Record<string, number>> = {
  ".": ESCAPE | Escape.Invalid,
  P: ESCAPE | Escape.Prefix,
  R: ESCAPE | Escape.Rex,
  F: ESCAPE | Escape.Secondary,
  V: ESCAPE | Escape.Vector,
  X: ESCAPE | Escape.PopOrXop,
  o: Imm.None,
  i: Imm.Byte,
  w: Imm.Word,
  z: Imm.Z,
  v: Imm.V,
  j: Imm.Rel8,
  J: Imm.Rel32,
  n: Imm.Enter,
  a: Imm.Offset,
  m: MODRM,
  b: MODRM | Imm.Byte,
  y: MODRM | Imm.Z,
  t: MODRM | Imm.TestByte,
  T: MODRM | Imm.TestZ,
  q: MODRM | Imm.Extrq,
};

/** Entries of the maps 0 (one byte), 1 (0F), 2 (0F 38) and 3 (0F 3A), 256 each. */
export const entries = new Uint16Array(1024);
/** Nine bytes per form and mandatory prefix: the /reg that memory operands may have, then per /reg the rm of register ones. */
export const forms = new Uint8Array(64 * 36);
/** Per map 0 or 1 and opcode: the /reg that LOCK may stand before. */
export const lockable = new Uint8Array(512);
/** 1 where the byte is a suffix of 3DNow!. */
export const threeDNow = new Uint8Array(256);

/** Reads `00-0b 1c`: calls `each` for every opcode named. */
export function eachOpcode(list: string, each: (opcode: number) => void): void {
  for (const range of list.split(" ")) {
    const first = Number.parseInt(range, 16);
    const last = range.length > 2 ? Number.parseInt(range.slice(3), 16) : first;
    for (let opcode = first; opcode <= last; opcode++) each(opcode);
  }
}

/** Reads a set of digits as bits; `*` is all eight, `-` none. */
export function digits(set: string): number {
  if (set === "*") return 0xff;
  if (set === "-") return 0;
  let bits = 0;
  for (let i = 0; i < set.length; i++) bits |= 1 << Number(set[i]);
  return bits;
}

const formNumbers = new Map<string, number>([
  ["*|*", 0],
  ["-|-", 1],
]);

/** The row of `forms` for a text as above. Row 0 allows everything and is never looked at; row 1 stays empty. */
function formNumber(text: string): number {
  const known = formNumbers.get(text);
  if (known !== undefined) return known;
  const number = formNumbers.size;
  formNumbers.set(text, number);
  const first = number * 36;
  const parts = text.split("; ");
  for (let prefix = 0; prefix < parts.length; prefix++) {
    const bar = parts[prefix]!.indexOf("|");
    const row = first + prefix * 9;
    forms[row] = digits(parts[prefix]!.slice(0, bar));
    const register = parts[prefix]!.slice(bar + 1);
    if (register === "*") forms.fill(0xff, row + 1, row + 9);
    else if (register !== "-") registerForms(register, row + 1);
  }
  if (parts.length === 1) for (let row = first + 9; row < first + 36; row += 9) forms.copyWithin(row, first, first + 9);
  return number;
}

/** `03 4=015`: what `forms` holds per /reg, from `at` on. */
function registerForms(text: string, at: number): void {
  for (const item of text.split(" ")) {
    const bits = item[1] === "=" ? digits(item.slice(2)) : 0xff;
    const extensions = digits(item[1] === "=" ? item[0]! : item);
    for (let reg = 0; reg < 8; reg++) if (extensions & (1 << reg)) forms[at + reg] = bits;
  }
}

function fill(map: number, letters: string, table: Forms): void {
  // One letter for the whole map: all opcodes that have no form of their own take the empty one.
  if (letters.length === 1) entries.fill(LETTERS[letters]! | (1 << FORM_SHIFT), map * 256, map * 256 + 256);
  else for (let i = 0; i < 256; i++) entries[map * 256 + i] = LETTERS[letters[i]!]!;
  for (const [opcodes, text] of table) {
    const form = formNumber(text) << FORM_SHIFT;
    eachOpcode(opcodes, (opcode) => {
      const at = map * 256 + opcode;
      if ((entries[at]! & ESCAPE) === 0) entries[at] = (entries[at]! & ((1 << FORM_SHIFT) - 1)) | form;
    });
  }
}

/** The entry of 8F when it is no XOP: pop. */
export const POP = MODRM | (formNumber("0|0") << FORM_SHIFT);

fill(0, PRIMARY, PRIMARY_FORMS);
fill(1, SECONDARY, SECONDARY_FORMS);
fill(2, "m", MAP_0F38_FORMS);
fill(3, "b", MAP_0F3A_FORMS);
for (const [map, list, reg] of LOCKABLE) {
  eachOpcode(list, (opcode) => {
    lockable[map * 256 + opcode] = reg;
  });
}
for (const [flow, map, list] of FLOWS) {
  eachOpcode(list, (opcode) => {
    entries[map * 256 + opcode]! |= flow << FLOW_SHIFT;
  });
}
eachOpcode(THREE_DNOW, (suffix) => {
  threeDNow[suffix] = 1;
});
