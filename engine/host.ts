/**
 * What is known of Cosmopolitan's `__hostos` on one path of the walk: which registers hold it, and what the zero flag says about it. What
 * that byte is stands in src/code/host.ts, which finds it.
 */

import {
  base,
  displacement,
  extension,
  FS,
  GS,
  hasMemory,
  immediate,
  immediateSize,
  index,
  map,
  modrm,
  NONE,
  opcode,
  PRIMARY,
  prefixes,
  register,
  rmRegister,
  SECONDARY,
} from "./instruction";
import { isHighByte, written } from "./written";

/** The value of `__hostos` on Linux. */
const LINUX: i32 = 1;

/** Address of `__hostos`. */
let variable: i64 = 0;
/** A bit per register whose low byte equals it. */
export let registers: i32 = 0;
/** The zero flag where it follows from it: 0 or 1, else NONE. */
let zeroFlag: i32 = NONE;

export function setVariable(address: i64): void {
  variable = address;
}

export function startHost(atStart: i32): void {
  registers = atStart;
  zeroFlag = NONE;
}

export function keepOnly(mask: i32): void {
  registers &= mask;
}

/** Steps over the instruction decoded last. `next` is the address behind it. */
export function stepOver(at: i32, end: i32, next: i64): void {
  const isOfHost = isHostOperand(next);
  if (registers == 0 && !isOfHost) {
    if (zeroFlag != NONE && !keepsFlags()) zeroFlag = NONE;
    return;
  }
  const tested = testedMask(isOfHost);
  const received = (isOfHost ? loadedRegister() : 0) | copiedRegister();
  if (registers != 0) registers &= ~written(at, end);
  if (tested != NONE) zeroFlag = (LINUX & tested) == 0 ? 1 : 0;
  else if (!keepsFlags()) zeroFlag = NONE;
  registers |= received;
}

function isHostOperand(next: i64): bool {
  if (!hasMemory()) return false;
  if ((modrm() & 0xc7) == 0x05) return next + displacement() == variable && (prefixes() & (FS | GS)) == 0;
  const isAbsolute = modrm() < 0x40 && (modrm() & 7) == 4 && displacement() == variable && base() == NONE;
  return isAbsolute && index() == NONE && (prefixes() & (FS | GS)) == 0;
}

/** `mov __hostos,%r32`, `mov __hostos,%r8`, `movzbl __hostos,%r32`: the bit of the register. */
function loadedRegister(): i32 {
  const number = register();
  if (map() == PRIMARY) return opcode() == 0x8b || (opcode() == 0x8a && !isHighByte(number)) ? 1 << number : 0;
  return map() == SECONDARY && opcode() == 0xb6 ? 1 << number : 0;
}

/** The bit of the register that a move copies it to. */
function copiedRegister(): i32 {
  if (map() != PRIMARY || modrm() < 0xc0) return 0;
  if (opcode() == 0x89 && holds(register())) return 1 << rmRegister();
  return opcode() == 0x8b && holds(rmRegister()) ? 1 << register() : 0;
}

/** The mask of `test $mask,host`, `and $mask,host`; NONE for everything else. */
function testedMask(isOfHost: bool): i32 {
  if (map() != PRIMARY || immediateSize() == 0) return NONE;
  const code = opcode();
  if (code == 0xa8 || code == 0xa9 || code == 0x24 || code == 0x25) return holds(0) ? i32(immediate()) : NONE;
  const isTest = (code == 0xf6 || code == 0xf7) && extension() == 0;
  const isAnd = (code == 0x80 || code == 0x81 || code == 0x83) && extension() == 4;
  if (!isTest && !isAnd) return NONE;
  if (modrm() < 0xc0) return isTest && isOfHost ? i32(immediate()) : NONE;
  const isByte = code == 0xf6 || code == 0x80;
  return (isByte && isHighByte(rmRegister())) || !holds(rmRegister()) ? NONE : i32(immediate());
}

function holds(number: i32): bool {
  return (registers & (1 << number)) != 0;
}

/** src/code/host.ts, `keepsFlags`. */
function keepsFlags(): bool {
  const code = opcode();
  if (map() == PRIMARY) {
    return (
      (code >= 0x88 && code <= 0x8d) ||
      (code >= 0x50 && code <= 0x5f) ||
      (code >= 0xb0 && code <= 0xbf) ||
      code == 0x90 ||
      code == 0x63 ||
      code == 0xc6 ||
      code == 0xc7 ||
      (code >= 0x70 && code <= 0x7f)
    );
  }
  if (map() != SECONDARY) return false;
  return (code & 0xfe) == 0xb6 || (code & 0xfe) == 0xbe || code == 0x1f || (code >= 0x80 && code <= 0x8f);
}

/** For a conditional jump: 1 if Linux takes it, 0 if Linux falls through, NONE where that is not known. */
export function decides(): i32 {
  if (zeroFlag == NONE) return NONE;
  const code = map() == SECONDARY ? opcode() - 0x10 : opcode();
  if (map() > SECONDARY) return NONE;
  if (code == 0x74) return zeroFlag;
  if (code == 0x75) return 1 - zeroFlag;
  return NONE;
}
