/** Entries, forms and what goes with them: what `maps.ts` says of the opcodes without VEX, EVEX and XOP, in the decoders' terms. */

import {
  ASK_SIB,
  CLOSER,
  CONTROL_REGISTER,
  DISPLACEMENT_SHIFT,
  ENTRY_COUNT,
  ESCAPE,
  FLOW_SHIFT,
  GROUP,
  GROUP_SHIFT,
  IMMEDIATE,
  IMMEDIATE_SHIFT,
  INVALID,
  LEGACY_PREFIX,
  MANDATORY_SHIFT,
  MAP_SHIFT,
  MEMORY_ONLY,
  MODRM,
  NARROWS,
  POP_OR_XOP,
  PREFIX_SHIFT,
  REGISTER_FORM,
  REX,
  SECONDARY_MAP,
  TAKES_BACK_SHIFT,
  THIRD_BYTE,
  THREE_DNOW,
  VECTOR,
  WIDENS,
} from "../src/x86/entry.js";
import { digits } from "./digits.js";
import {
  FLOWS,
  type Forms,
  GROUP_FLOWS,
  LOCKABLE,
  MANDATORY,
  MAP_0F3A_FORMS,
  MAP_0F38_FORMS,
  PREFIXES,
  PRIMARY,
  PRIMARY_FORMS,
  SECONDARY,
  SECONDARY_FORMS,
  THREE_DNOW_SUFFIXES,
} from "./maps.js";
import { eachOpcode } from "./opcode-list.js";

function immediate(bytes: number): number {
  return (2 * bytes) << IMMEDIATE_SHIFT;
}

/** Bytes of an immediate: 4, or 2 with 66 and without REX.W. */
const Z = immediate(4) | NARROWS;

/** The letters of `maps.ts`. */
const LETTERS: Readonly<Record<string, number>> = {
  ".": ESCAPE | INVALID,
  P: ESCAPE | LEGACY_PREFIX,
  R: ESCAPE | REX,
  F: ESCAPE | SECONDARY_MAP,
  E: ESCAPE | THIRD_BYTE,
  V: ESCAPE | VECTOR,
  X: ESCAPE | POP_OR_XOP,
  D: ESCAPE | THREE_DNOW,
  C: ESCAPE | CONTROL_REGISTER,
  o: 0,
  i: immediate(1),
  w: immediate(2),
  z: Z,
  v: Z | WIDENS,
  j: immediate(1),
  J: immediate(4),
  n: immediate(3),
  a: immediate(8) | CLOSER,
  m: MODRM,
  b: MODRM | immediate(1),
  y: MODRM | Z,
  t: MODRM | immediate(1),
  T: MODRM | Z,
};

/** As `LETTERS`, for opcodes that `vector.ts` knows. */
export const BYTE = MODRM | immediate(1);
export const FOUR_BYTES = MODRM | immediate(4);

/** Entries of the maps 0 (one byte), 1 (0F), 2 (0F 38) and 3 (0F 3A), 256 each, and of the groups, 8 each. */
export const entries = new Int32Array(ENTRY_COUNT);
/** Per opcode of the maps its number in `forms`. */
export const formNumbers = new Uint8Array(1024);
/** Nine bytes per form and mandatory prefix. */
export const forms = new Uint8Array(64 * 36);
/** Per ModRM byte what it has behind it. */
export const modrms = new Uint8Array(256);
/** Per byte: itself where it is REX. */
export const rexes = Uint8Array.from({ length: 256 }, (_, byte) => (PRIMARY[byte] === "R" ? byte : 0));
/** Per map 0 or 1 and opcode: the /reg that LOCK may stand before. */
export const lockable = new Uint8Array(512);
/** 1 where the byte is a suffix of 3DNow!. */
export const threeDNow = new Uint8Array(256);

const numbers = new Map<string, number>([
  ["*|*", 0],
  ["-|-", 1],
]);
// For the question below.
forms.fill(0xff, 0, 36);

/** The number of a form written as in `maps.ts`. Number 0 has every ModRM and is never looked at, number 1 has none. */
function formNumber(text: string): number {
  const known = numbers.get(text);
  if (known !== undefined) return known;
  const number = numbers.size;
  numbers.set(text, number);
  const first = number * 36;
  const parts = text.split("; ");
  for (let prefix = 0; prefix < parts.length; prefix++) {
    const bar = parts[prefix].indexOf("|");
    const row = first + prefix * 9;
    forms[row] = digits(parts[prefix].slice(0, bar));
    const register = parts[prefix].slice(bar + 1);
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
    const extensions = digits(item[1] === "=" ? item[0] : item);
    for (let reg = 0; reg < 8; reg++) if (extensions & (1 << reg)) forms[at + reg] = bits;
  }
}

/** Whether every ModRM exists without a mandatory prefix, so that the form need not be looked at where there is none. */
function isWholeWithoutPrefix(number: number): boolean {
  return forms.subarray(number * 36, number * 36 + 9).every((bits) => bits === 0xff);
}

function isEscape(entry: number): boolean {
  return (entry & ESCAPE) === ESCAPE;
}

function fill(map: number, letters: string, table: Forms): void {
  for (let opcode = 0; opcode < 256; opcode++) {
    const entry = LETTERS[letters[letters.length === 1 ? 0 : opcode]];
    entries[(map << 8) | opcode] = isEscape(entry) ? entry : entry | (map << MAP_SHIFT);
  }
  // One letter for the whole map: opcodes that are not named have no form.
  if (letters.length === 1) formNumbers.fill(formNumber("-|-"), map << 8, (map << 8) + 256);
  for (const [opcodes, text] of table) {
    eachOpcode(opcodes, (opcode) => {
      const at = (map << 8) | opcode;
      // The form of lea, the commonest, is told by the ModRM byte alone.
      if (text === "*|-") entries[at] |= MEMORY_ONLY;
      formNumbers[at] = text === "*|-" ? 0 : formNumber(text);
    });
  }
}

fill(0, PRIMARY, PRIMARY_FORMS);
fill(1, SECONDARY, SECONDARY_FORMS);
fill(2, "m", MAP_0F38_FORMS);
fill(3, "b", MAP_0F3A_FORMS);
for (const [byte, prefix, takesBack] of PREFIXES) {
  const mandatory = Math.max(0, MANDATORY.indexOf(byte));
  entries[byte] |= (prefix << PREFIX_SHIFT) | (takesBack << TAKES_BACK_SHIFT) | (mandatory << MANDATORY_SHIFT);
}
for (const [map, list, reg] of LOCKABLE) {
  eachOpcode(list, (opcode) => {
    lockable[(map << 8) | opcode] = reg;
  });
}
for (const [flow, map, list] of FLOWS) {
  eachOpcode(list, (opcode) => {
    entries[(map << 8) | opcode] |= flow << FLOW_SHIFT;
  });
}

/** Makes groups of the opcodes of the one-byte map of which not every ModRM is the same. */
function makeGroups(): void {
  let next = 1024;
  for (let opcode = 0; opcode < 256; opcode++) {
    const entry = entries[opcode];
    const isTest = PRIMARY[opcode] === "t" || PRIMARY[opcode] === "T";
    if (isEscape(entry) || (isWholeWithoutPrefix(formNumbers[opcode]) && !isTest)) continue;
    if (next === ENTRY_COUNT) throw new Error("there are more groups than room for them");
    entries[opcode] = ESCAPE | GROUP | (next << GROUP_SHIFT);
    for (let reg = 0; reg < 8; reg++) {
      const flow = GROUP_FLOWS.find(([, of, extensions]) => of === opcode && digits(extensions) & (1 << reg))?.[0] ?? 0;
      const whole = isTest && reg > 1 ? entry & ~(IMMEDIATE | NARROWS) : entry;
      entries[next++] = ofForm(whole, formNumbers[opcode], reg) | (flow << FLOW_SHIFT);
    }
  }
}

/** The entry of one /reg. */
function ofForm(entry: number, form: number, reg: number): number {
  const memory = forms[form * 36] & (1 << reg);
  const registers = forms[form * 36 + 1 + reg];
  if (memory === 0 && registers === 0) return ESCAPE | INVALID;
  if (memory !== 0 && registers === 0) return entry | MEMORY_ONLY;
  return memory !== 0 && registers === 0xff ? entry : entry | CLOSER;
}

makeGroups();
// Where there is a mandatory prefix the form is looked at anyway.
for (let at = 256; at < 1024; at++) if (!isEscape(entries[at]) && !isWholeWithoutPrefix(formNumbers[at])) entries[at] |= CLOSER;
for (let modrm = 0; modrm < 256; modrm++) {
  // Mod 1: one byte. Mod 2: four; so has mod 0 with base 5, which means %rip or no base (SDM vol. 2A, tables 2-2, 2-3, 2-7).
  const mod = modrm >> 6;
  const hasSib = mod !== 3 && (modrm & 7) === 4;
  const displacement = mod === 1 ? 1 : mod === 2 || (mod === 0 && (modrm & 7) === 5) ? 4 : 0;
  const form = mod === 3 ? REGISTER_FORM : mod === 0 && hasSib ? ASK_SIB : 0;
  modrms[modrm] = form | (displacement << DISPLACEMENT_SHIFT) | (1 + Number(hasSib) + displacement);
}
eachOpcode(THREE_DNOW_SUFFIXES, (suffix) => {
  threeDNow[suffix] = 1;
});
