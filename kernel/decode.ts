/**
 * Bytes to one instruction, as far as the walk asks: length, flow, target, operands. The legacy encodings, which are nearly all,
 * by the tables of src/x86/tables.ts; VEX, EVEX, XOP, 3DNow! and control registers by asking src/x86/decode.ts.
 */

import { code } from "./memory";

/** Asks src/x86/decode.ts for the length of the instruction at a position; such an instruction never changes the flow. */
declare function decodeRare(at: i32, end: i32): i32;

// src/x86/tables.ts: entries, then forms, then lockable, copied here when the kernel is made.
const TABLES: usize = memory.data(2048 + 2304 + 512, 16);
const FORMS: usize = TABLES + 2048;
const LOCKABLE: usize = FORMS + 2304;
const MODRM: i32 = 0x10;
const FLOW_SHIFT: i32 = 5;
const FORM_SHIFT: i32 = 9;
const ESCAPE: i32 = 0x8000;
/** The entry of 8F when it is no XOP. */
let popEntry: i32 = 0;

/** Where the tables are to be copied to; `pop` is the entry of 8F when it is no XOP. */
export function tables(pop: i32): usize {
  popEntry = pop;
  return TABLES;
}

// src/x86/tables.ts, Escape and Imm.
const ESCAPE_PREFIX: i32 = 1;
const ESCAPE_REX: i32 = 2;
const ESCAPE_SECONDARY: i32 = 3;
const ESCAPE_POP_OR_XOP: i32 = 5;
const IMM_BYTE: i32 = 1;
const IMM_WORD: i32 = 2;
const IMM_Z: i32 = 3;
const IMM_V: i32 = 4;
const IMM_REL8: i32 = 5;
const IMM_REL32: i32 = 6;
const IMM_ENTER: i32 = 7;
const IMM_OFFSET: i32 = 8;
const IMM_TEST_BYTE: i32 = 9;
const IMM_TEST_Z: i32 = 10;

// src/x86/instruction.ts, Prefix.
const LOCK: i32 = 1;
const REPNE: i32 = 2;
const REP: i32 = 4;
const OPERAND_SIZE: i32 = 8;
const ADDRESS_SIZE: i32 = 16;
const OTHER: i32 = 32;

/** src/x86/instruction.ts, Flow. */
export const NEXT: i32 = 0;
export const JUMP: i32 = 1;
export const BRANCH: i32 = 2;
export const CALL: i32 = 3;
export const INDIRECT_JUMP: i32 = 4;
export const INDIRECT_CALL: i32 = 5;
export const RETURN: i32 = 6;
export const SYSTEM_CALL: i32 = 7;
export const PRIMARY: i32 = 0;
export const SECONDARY: i32 = 1;
/** The map of what `decodeRare` has decoded: none that anybody asks for. */
const RARE: i32 = -1;
export const NONE: i32 = -1;
export const RIP: i32 = 16;

const REACH: i32 = 32;
const MAX_LENGTH: i32 = 15;
const BORDER: usize = memory.data(REACH, 16);

// The instruction decoded last.
export let flow: i32 = 0;
export let map: i32 = 0;
export let opcode: i32 = 0;
export let rex: i32 = 0;
export let modrm: i32 = 0;
export let disp: i32 = 0;
export let imm: i64 = 0;
export let immSize: i32 = 0;
/** Position where a direct jump, branch or call goes; may lie outside the code. */
export let target: i64 = 0;
let sib: i32 = 0;
let prefixes: i32 = 0;

/** Decodes the instruction at a position. Returns its length, or 0 where there is none before `end`. */
export function decode(at: i32, end: i32): i32 {
  if (end - at < REACH) return decodeAtBorder(at, end);
  const length = decodeOpcode(code + usize(at), at, end);
  return length <= MAX_LENGTH ? length : 0;
}

export function flowDecoded(): i32 {
  return flow;
}

/** Of a direct jump, branch or call. */
export function targetDecoded(): f64 {
  return f64(target);
}

/** Decodes from instruction to instruction; where none is, one byte on. Returns how many there are. */
export function sweep(from: i32, end: i32): i32 {
  let count = 0;
  let at = from;
  while (at < end) {
    const length = decode(at, end);
    if (length > 0) count++;
    at += max(1, length);
  }
  return count;
}

function decodeAtBorder(at: i32, end: i32): i32 {
  const room = end - at;
  if (room <= 0) return 0;
  memory.fill(BORDER, 0, REACH);
  memory.copy(BORDER, code + usize(at), room);
  const length = decodeOpcode(BORDER, at, end);
  return length > MAX_LENGTH || length > room ? 0 : length;
}

function rare(at: i32, end: i32): i32 {
  flow = NEXT;
  map = RARE;
  modrm = NONE;
  immSize = 0;
  return decodeRare(at, end);
}

/** As decodeOpcode in src/x86/decode.ts: `start` points to the bytes, `at` is their position. */
function decodeOpcode(start: usize, at: i32, end: i32): i32 {
  let p = start + 1;
  let mandatory: i32 = 0;
  let opcodeMap: i32 = 0;
  let byte: i32 = load<u8>(start);
  let entry: i32 = load<u16>(TABLES + (usize(byte) << 1));
  prefixes = 0;
  rex = 0;
  while (entry >= ESCAPE) {
    const kind = entry & 7;
    if (i32(p - start) >= MAX_LENGTH) return 0;
    if (kind == ESCAPE_REX) {
      rex = byte;
    } else if (kind == ESCAPE_SECONDARY) {
      opcodeMap = SECONDARY;
      byte = load<u8>(p++);
      if (byte == 0x38 || byte == 0x3a) {
        opcodeMap = byte == 0x38 ? 2 : 3;
        byte = load<u8>(p++);
      }
      entry = load<u16>(TABLES + (usize((opcodeMap << 8) | byte) << 1));
      if (entry < ESCAPE) break;
      return byte == 0x0f && opcodeMap == SECONDARY ? rare(at, end) : 0;
    } else if (kind == ESCAPE_PREFIX) {
      rex = 0;
      if (byte == 0x66) {
        prefixes |= OPERAND_SIZE;
        if (mandatory == 0) mandatory = 1;
      } else if (byte == 0xf3) {
        prefixes |= REP;
        mandatory = 2;
      } else if (byte == 0xf2) {
        prefixes |= REPNE;
        mandatory = 3;
      } else {
        prefixes |= byte == 0xf0 ? LOCK : byte == 0x67 ? ADDRESS_SIZE : OTHER;
      }
    } else if (kind == ESCAPE_POP_OR_XOP && (load<u8>(p) & 0x1f) < 8) {
      entry = popEntry;
      break;
    } else {
      return kind == 0 || rex != 0 ? 0 : rare(at, end);
    }
    byte = load<u8>(p++);
    entry = load<u16>(TABLES + (usize(byte) << 1));
  }
  map = opcodeMap;
  opcode = byte;
  const form = entry >> FORM_SHIFT;
  if (form != 0 && opcodeMap == SECONDARY && (byte & 0xfc) == 0x20) return rare(at, end);
  const length = decodeRest(start, p, at, entry);
  if (form != 0) {
    if (!formExists(FORMS + usize((form * 4 + mandatory) * 9))) return 0;
    controlByExtension(at + length);
  }
  if ((prefixes & LOCK) != 0 && !lockAllowed()) return 0;
  return length;
}

function formExists(row: usize): bool {
  const extension = (modrm >> 3) & 7;
  if (modrm < 0xc0) return (load<u8>(row) & (1 << extension)) != 0;
  return (load<u8>(row + usize(1 + extension)) & (1 << (modrm & 7))) != 0;
}

function lockAllowed(): bool {
  const index = (map << 8) | opcode;
  return index < 512 && modrm >= 0 && modrm < 0xc0 && (load<u8>(LOCKABLE + usize(index)) & (1 << ((modrm >> 3) & 7))) != 0;
}

/** `next` is the position behind the instruction. */
function controlByExtension(next: i32): void {
  const extension = (modrm >> 3) & 7;
  if (map == PRIMARY) {
    if (opcode == 0xff && extension >= 2) {
      if (extension <= 3) flow = INDIRECT_CALL;
      else if (extension <= 5) flow = INDIRECT_JUMP;
    } else if (opcode == 0xc7 && modrm == 0xf8) {
      flow = BRANCH;
      target = i64(next) + imm;
    }
  } else if (map == SECONDARY && opcode == 0x01) {
    if ((prefixes & (REP | REPNE)) != 0 && (modrm == 0xca || modrm == 0xec)) flow = RETURN;
  }
}

/** As decodeRest in src/x86/decode-rest.ts. */
function decodeRest(start: usize, behindOpcode: usize, at: i32, entry: i32): i32 {
  let p = behindOpcode;
  modrm = NONE;
  disp = 0;
  if ((entry & MODRM) != 0) {
    modrm = load<u8>(p++);
    if (modrm < 0xc0) {
      let base = modrm & 7;
      if (base == 4) {
        sib = load<u8>(p++);
        base = sib & 7;
      }
      if (modrm >= 0x80 || (base == 5 && modrm < 0x40)) {
        disp = load<i32>(p);
        p += 4;
      } else if (modrm >= 0x40) {
        disp = load<i8>(p++);
      }
    }
  }
  flow = (entry >> FLOW_SHIFT) & 15;
  const kind = entry & 15;
  imm = 0;
  immSize = 0;
  if (kind == IMM_BYTE || kind == IMM_REL8) {
    imm = load<i8>(p++);
    immSize = 1;
  } else if (kind == IMM_REL32) {
    imm = load<i32>(p);
    immSize = 4;
    p += 4;
  } else if (kind != 0) {
    const size = immediateSize(kind);
    if (kind != IMM_OFFSET) {
      immSize = size;
      if (size == 4) imm = load<i32>(p);
      else if (size == 1) imm = load<i8>(p);
      else if (size == 2) imm = load<i16>(p);
      else if (size == 8) imm = load<i64>(p);
    }
    p += size;
  }
  const length = i32(p - start);
  target = i64(at) + i64(length) + imm;
  return length;
}

function immediateSize(kind: i32): i32 {
  const z = (prefixes & OPERAND_SIZE) != 0 && (rex & 8) == 0 ? 2 : 4;
  const isTest = (modrm & 0x30) == 0;
  switch (kind) {
    case IMM_WORD:
      return 2;
    case IMM_Z:
      return z;
    case IMM_V:
      return (rex & 8) != 0 ? 8 : z;
    case IMM_ENTER:
      return 3;
    case IMM_OFFSET:
      return (prefixes & ADDRESS_SIZE) != 0 ? 4 : 8;
    case IMM_TEST_BYTE:
      return isTest ? 1 : 0;
    case IMM_TEST_Z:
      return isTest ? z : 0;
    default:
      return (prefixes & (OPERAND_SIZE | REPNE)) != 0 ? 2 : 0;
  }
}

// The operands of the instruction decoded last, as src/x86/instruction.ts has them.

export function hasMemory(): bool {
  return modrm >= 0 && modrm < 0xc0;
}

export function extension(): i32 {
  return (modrm >> 3) & 7;
}

export function base(): i32 {
  if (!hasMemory()) return NONE;
  const rm = modrm & 7;
  const mod = modrm >> 6;
  if (rm == 4) {
    const low = sib & 7;
    return low == 5 && mod == 0 ? NONE : low | ((rex & 1) << 3);
  }
  return rm == 5 && mod == 0 ? RIP : rm | ((rex & 1) << 3);
}

export function index(): i32 {
  if (!hasMemory() || (modrm & 7) != 4) return NONE;
  const number = ((sib >> 3) & 7) | ((rex & 2) << 2);
  return number == 4 ? NONE : number;
}

export function scale(): i32 {
  return (modrm & 7) == 4 ? 1 << (sib >> 6) : 1;
}

/** ModRM.reg with REX.R. */
export function register(): i32 {
  return ((modrm >> 3) & 7) | ((rex & 4) << 1);
}

/** The register in the opcode's low three bits, with REX.B. */
export function lowRegister(): i32 {
  return (opcode & 7) | ((rex & 1) << 3);
}
