/** The opcode maps of 64-bit mode without VEX, EVEX and XOP: one letter per opcode, expanded into typed arrays at load. */

import { Flow } from "./instruction.js";

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

/** One byte: Intel SDM vol. 2D, table A-2, without what 64-bit mode takes away. Row = high digit, column = low digit. */
const PRIMARY =
  "mmmmiz..mmmmiz.F" +
  "mmmmiz..mmmmiz.." +
  "mmmmizP.mmmmizP." +
  "mmmmizP.mmmmizP." +
  "RRRRRRRRRRRRRRRR" +
  "oooooooooooooooo" +
  "..VmPPPPzyiboooo" +
  "jjjjjjjjjjjjjjjj" +
  "by.bmmmmmmmmmmmX" +
  "oooooooooo.ooooo" +
  "aaaaooooizoooooo" +
  "iiiiiiiivvvvvvvv" +
  "bbwoVVbynowooi.o" +
  "mmmm...ommmmmmmm" +
  "jjjjiiiiJJ.joooo" +
  "PoPPootToooooomm";

/** 0F: table A-3; the rows of 3DNow! (0F 0F), 0F 38 and 0F 3A stand elsewhere. */
const SECONDARY =
  "mmmm.ooooo.o.mo." +
  "mmmmmmmmmmmmmmmm" +
  "mmmm....mmmmmmmm" +
  "oooooo.o........" +
  "mmmmmmmmmmmmmmmm" +
  "mmmmmmmmmmmmmmmm" +
  "mmmmmmmmmmmmmmmm" +
  "bbbbmmmoqm..mmmm" +
  "JJJJJJJJJJJJJJJJ" +
  "mmmmmmmmmmmmmmmm" +
  "ooombmmmooombmmm" +
  "mmmmmmmmmmbmmmmm" +
  "mmbmbbbmoooooooo" +
  "mmmmmmmmmmmmmmmm" +
  "mmmmmmmmmmmmmmmm" +
  "mmmmmmmmmmmmmmmm";

/**
 * Which ModRM bytes exist (tables and the opcode pages): `memory|register`, each a set of /reg: `*` all, `-` none,
 * `03` /0 and /3, `4=015` /4 with rm 0, 1 or 5 only. One for all, or one each without mandatory prefix, with 66, F3, F2.
 */
type Forms = readonly (readonly [opcodes: string, forms: string])[];

const PRIMARY_FORMS: Forms = [
  ["8c", "012345|012345"],
  ["8d", "*|-"],
  ["8e", "02345|02345"],
  ["8f", "0|0"],
  ["c6-c7", "0|0 7=0"],
  ["d9", "0234567|01367 2=0 4=0145 5=0123456"],
  ["da", "*|0123 5=1"],
  ["db", "012357|012356 4=01234"],
  ["dd", "0123467|012345"],
  ["de", "*|0124567 3=1"],
  ["df", "*|012356 4=0"],
  ["fe", "01|01"],
  ["ff", "0123456|01246"],
];

const SECONDARY_FORMS: Forms = [
  ["00", "012345|012345; 012345|012345; 012345|012345; 0123456|0123456"],
  [
    "01",
    "0123467|03467 1=01237 2=014567 5=067; 0123467|346 1=4567 7=014; *|346 0=6 1=2 5=024567 7=0124567; 0123467|346 0=6 1=2 5=01 7=01467",
  ],
  ["12", "*|*; *|-; *|*; *|*"],
  ["13 17 e7", "*|-; *|-; -|-; -|-"],
  ["14-15 28-29 2e-2f 54-57 60-6b 6e 74-76 c4 c6 d1-d5 d8-e5 e8-ef f1-f6 f8-fe", "*|*; *|*; -|-; -|-"],
  ["16", "*|*; *|-; *|*; -|-"],
  // decode.ts looks at these itself; a form of their own brings them there.
  ["20-23", "-|01234567"],
  ["2b b2 b4-b5", "*|-"],
  ["50 c5 d7 f7", "-|*; -|*; -|-; -|-"],
  ["52-53", "*|*; -|-; *|*; -|-"],
  ["5b 6f 7e-7f", "*|*; *|*; *|*; -|-"],
  ["6c-6d", "-|-; *|*; -|-; -|-"],
  ["71-72", "-|246; -|246; -|-; -|-"],
  ["73", "-|26; -|2367; -|-; -|-"],
  ["78", "*|*; -|0; -|-; -|*"],
  ["79", "*|*; -|*; -|-; -|*"],
  ["7c-7d d0", "-|-; *|*; -|-; *|*"],
  ["a6", "-|-; -|-; -|*; -|-"],
  ["a7", "-|0; -|0; -|*; -|0"],
  ["ae", "*|567; 67|6; 46|0123456; -|6"],
  ["b8", "-|-; -|-; *|*; -|-"],
  ["ba", "4567|4567"],
  ["c3", "*|-; -|-; -|-; -|-"],
  ["c7", "134567|67; 16|67; 16|67; 1|-"],
  ["d6", "-|-; *|*; -|*; -|*"],
  ["e6", "-|-; *|*; *|*; *|*"],
  ["f0", "-|-; -|-; -|-; *|-"],
  ["37 77", "*|*; -|-; -|-; -|-"],
];

const MAP_0F38_FORMS: Forms = [
  ["00-0b 1c-1e", "*|*; *|*; -|-; -|-"],
  ["10 14-15 17 20-25 28-29 2b 30-35 37-41 cf db", "-|-; *|*; -|-; -|-"],
  ["2a 80-82 f5", "-|-; *|-; -|-; -|-"],
  ["c8-cd", "*|*; -|-; -|-; -|-"],
  ["d8", "-|-; -|-; 0123|-; -|-"],
  ["dc", "-|-; *|*; *|*; -|-"],
  ["dd-df", "-|-; *|*; *|-; -|-"],
  ["f0-f1", "*|-; *|-; -|-; *|*"],
  ["f6", "*|-; *|*; *|*; -|-"],
  ["f8", "-|-; *|-; *|-; *|-"],
  ["f9", "*|-; -|-; -|-; -|-"],
  ["fa-fb", "-|-; -|-; -|*; -|-"],
  ["fc", "*|-"],
];

const MAP_0F3A_FORMS: Forms = [
  ["08-0e 14-17 20-22 40-42 44 60-63 ce-cf df", "-|-; *|*; -|-; -|-"],
  ["0f", "*|*; *|*; -|-; -|-"],
  ["cc", "*|*; -|-; -|-; -|-"],
  ["f0", "-|-; -|-; -|0=0; -|-"],
];

/** What LOCK may stand before (SDM vol. 2A, "LOCK"): map, opcodes, and which /reg; the destination is always in memory. */
const LOCKABLE: readonly (readonly [map: number, opcodes: string, extensions: number])[] = [
  [0, "00-01 08-09 10-11 18-19 20-21 28-29 30-31 86-87", 0xff],
  [0, "80-81 83", 0x7f],
  [0, "f6-f7", 0x0c],
  [0, "fe-ff", 0x03],
  [1, "ab b0-b1 b3 bb c0-c1", 0xff],
  [1, "ba", 0xe0],
  [1, "c7", 0x02],
];

const FLOWS: readonly (readonly [flow: number, map: number, opcodes: string])[] = [
  [Flow.Branch, 0, "70-7f e0-e3"],
  [Flow.Branch, 1, "80-8f"],
  [Flow.Jump, 0, "e9 eb"],
  [Flow.Call, 0, "e8"],
  [Flow.Return, 0, "c2-c3 ca-cb cf"],
  [Flow.Return, 1, "07 35 aa"],
  [Flow.SystemCall, 0, "cd"],
  [Flow.SystemCall, 1, "05 34"],
  [Flow.Trap, 0, "cc f1 f4"],
  [Flow.Trap, 1, "0b b9 ff"],
];

/** AMD APM vol. 5: the suffix byte that is the opcode of a 3DNow! instruction (0F 0F ModRM suffix). */
const THREE_DNOW = "0c-0d 1c-1d 8a 8e 90 94 96-97 9a 9e a0 a4 a6-a7 aa ae b0 b4 b6-b7 bb bf";

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
  let bits = 0;
  for (let i = 0; i < set.length; i++) if (set[i] !== "-") bits |= 1 << Number(set[i]);
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
  const parts = text.split("; ");
  for (let prefix = 0; prefix < 4; prefix++) {
    const [memory, register] = parts[parts.length === 1 ? 0 : prefix]!.split("|") as [string, string];
    const row = (number * 4 + prefix) * 9;
    forms[row] = digits(memory);
    for (const item of register.split(" ")) {
      const [extensions, rm] = item.split("=") as [string, string | undefined];
      const bits = digits(extensions);
      for (let reg = 0; reg < 8; reg++) if (bits & (1 << reg)) forms[row + 1 + reg] = rm === undefined ? 0xff : digits(rm);
    }
  }
  return number;
}

function fill(map: number, letters: string, table: Forms): void {
  for (let i = 0; i < 256; i++) {
    entries[map * 256 + i] = letters.length === 1 ? LETTERS[letters]! | (1 << FORM_SHIFT) : LETTERS[letters[i]!]!;
  }
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
