/** Bytes to one instruction: prefixes and opcode, and whether that opcode exists. */

import { decodeRest } from "./decode-rest.js";
import { decodeVector } from "./decode-vector.js";
import { Encoding, Flow, type Instruction, OpcodeMap, Prefix } from "./instruction.js";
import { ESCAPE, Escape, entries, FORM_SHIFT, forms, lockable, MODRM, POP, threeDNow } from "./tables.js";

/** No byte further than this behind the start is read, whatever the bytes: 14 prefixes, 5 opcode, ModRM, SIB, 4, 4. */
const REACH = 32;
const MAX_LENGTH = 15;

/** The bytes in front of a border, with zeros behind, so that the decoder need not ask before every byte. */
const border = new Uint8Array(REACH);

/**
 * Decodes the instruction at `at` as a processor in 64-bit mode reads it.
 *
 * `code` holds the bytes, `at` is the offset of the first and `end` the offset behind the last that may be read.
 * Returns the length in bytes, 1 to 15, and fills `out`. Returns 0 where the bytes are no instruction or run past `end`; then
 * `out` holds no meaning. Never throws, allocates nothing.
 */
export function decode(code: Uint8Array, at: number, end: number, out: Instruction): number {
  if (end - at < REACH || end > code.length) return decodeAtBorder(code, at, Math.min(end, code.length), out);
  const length = decodeOpcode(code, at, out);
  return length <= MAX_LENGTH ? length : 0;
}

function decodeAtBorder(code: Uint8Array, at: number, end: number, out: Instruction): number {
  const room = end - at;
  if (!(room > 0)) return 0;
  if (room >= REACH) return decode(code, at, end, out);
  for (let i = 0; i < room; i++) border[i] = code[at + i]!;
  border.fill(0, room);
  const length = decodeOpcode(border, 0, out);
  if (length > MAX_LENGTH || length > room) return 0;
  out.offset = at;
  if (out.flow === Flow.Jump || out.flow === Flow.Branch || out.flow === Flow.Call) out.target += at;
  return length;
}

/** Returns the length in bytes, perhaps above 15, or 0. */
function decodeOpcode(code: Uint8Array, start: number, out: Instruction): number {
  let p = start + 1;
  let prefixes = 0;
  let rex = 0;
  // 0 none, 1 66, 2 F3, 3 F2: F3 and F2 win over 66, and the last of the two over the other (SDM vol. 2A, 2.1.1 and 2.1.2).
  let mandatory = 0;
  let map = 0;
  let opcode = code[start]!;
  let entry = entries[opcode]!;
  while (entry >= ESCAPE) {
    const kind = entry & 7;
    // As many prefixes as an instruction may have bytes: else a long row of them would be read anew from each of its bytes.
    if (p - start >= MAX_LENGTH) return 0;
    if (kind === Escape.Rex) {
      rex = opcode;
    } else if (kind === Escape.Secondary) {
      map = OpcodeMap.Secondary;
      opcode = code[p++]!;
      if (opcode === 0x38 || opcode === 0x3a) {
        map = opcode === 0x38 ? OpcodeMap.Map0F38 : OpcodeMap.Map0F3A;
        opcode = code[p++]!;
      }
      entry = entries[(map << 8) | opcode]!;
      if (entry < ESCAPE) break;
      if (opcode !== 0x0f || map !== OpcodeMap.Secondary) return 0;
      return decodeThreeDNow(code, start, p, prefixes, rex, out);
    } else if (kind === Escape.Prefix) {
      // REX counts only directly before the opcode (SDM vol. 2A, 2.2.1).
      rex = 0;
      if (opcode === 0x66) {
        prefixes |= Prefix.OperandSize;
        if (mandatory === 0) mandatory = 1;
      } else {
        prefixes = withPrefix(prefixes, opcode);
        if (opcode === 0xf3) mandatory = 2;
        else if (opcode === 0xf2) mandatory = 3;
      }
    } else if (kind === Escape.PopOrXop && (code[p]! & 0x1f) < OpcodeMap.Xop8) {
      // The map number of XOP stands where pop, which is /0 alone, has its ModRM (AMD APM vol. 3, 1.2.5).
      entry = POP;
      break;
    } else {
      return kind === Escape.Invalid || rex !== 0 ? 0 : decodeVector(code, start, p, prefixes, out);
    }
    opcode = code[p++]!;
    entry = entries[opcode]!;
  }
  out.prefixes = prefixes;
  out.rex = rex;
  out.encoding = Encoding.Legacy;
  out.map = map;
  out.opcode = opcode;
  out.opcodeAt = p - 1 - start;
  const length = decodeRest(code, start, p, entry, out);
  const form = entry >> FORM_SHIFT;
  if (form !== 0) {
    if (map === OpcodeMap.Secondary && (opcode & 0xfc) === 0x20) return decodeControlRegister(code, start, p, out);
    if (!formExists((form * 4 + mandatory) * 9, out.modrm)) return 0;
    controlByExtension(start + length, out);
  }
  if ((prefixes & Prefix.Lock) !== 0 && !lockAllowed((map << 8) | opcode, out.modrm)) return 0;
  return length;
}

function withPrefix(prefixes: number, byte: number): number {
  switch (byte) {
    case 0xf0:
      return prefixes | Prefix.Lock;
    case 0xf2:
      return prefixes | Prefix.Repne;
    case 0xf3:
      return prefixes | Prefix.Rep;
    case 0x64:
      return (prefixes & ~Prefix.Gs) | Prefix.Fs;
    case 0x65:
      return (prefixes & ~Prefix.Fs) | Prefix.Gs;
    case 0x67:
      return prefixes | Prefix.AddressSize;
    default:
      // Ignored in 64-bit mode: neither does it take back an earlier 64 or 65 (AMD APM vol. 3, 1.2.4).
      return prefixes | Prefix.OtherSegment;
  }
}

/** Whether the opcode has this ModRM byte; `row` is the place in `forms`. Opcodes without ModRM pass by their row's `*`. */
function formExists(row: number, modrm: number): boolean {
  const extension = (modrm >> 3) & 7;
  if (modrm < 0xc0) return (forms[row]! & (1 << extension)) !== 0;
  return (forms[row + 1 + extension]! & (1 << (modrm & 7))) !== 0;
}

function lockAllowed(index: number, modrm: number): boolean {
  return index < lockable.length && modrm >= 0 && modrm < 0xc0 && (lockable[index]! & (1 << ((modrm >> 3) & 7))) !== 0;
}

/** Sets `flow` of the opcodes that share their byte with others; `next` is the offset behind the instruction. */
function controlByExtension(next: number, out: Instruction): void {
  const extension = (out.modrm >> 3) & 7;
  if (out.map === OpcodeMap.Primary) {
    if (out.opcode === 0xff && extension >= 2) {
      if (extension <= 3) out.flow = Flow.IndirectCall;
      else if (extension <= 5) out.flow = Flow.IndirectJump;
    } else if (out.opcode === 0xc7 && out.modrm === 0xf8) {
      out.flow = Flow.Branch;
      out.target = next + out.imm;
    }
  } else if (out.map === OpcodeMap.Secondary && out.opcode === 0x01) {
    // erets, eretu (F2, F3 0F 01 CA) and uiret (F3 0F 01 EC).
    const repeated = (out.prefixes & (Prefix.Rep | Prefix.Repne)) !== 0;
    if (repeated && (out.modrm === 0xca || out.modrm === 0xec)) out.flow = Flow.Return;
  }
}

/** 0F 20 to 0F 23, mov to and from %cr and %dr: the processor reads mod as 3 whatever it is (SDM vol. 2B, "MOV"). */
function decodeControlRegister(code: Uint8Array, start: number, p: number, out: Instruction): number {
  const length = decodeRest(code, start, p, 0, out) + 1;
  const modrm = code[p]! | 0xc0;
  out.modrm = modrm;
  out.immAt = out.dispAt = length;
  out.length = length;
  // There are %cr0, 2, 3, 4, 8 and %dr0 to 7.
  const isControl = (out.opcode & 1) === 0;
  const number = out.reg;
  const exists = isControl ? (number <= 4 ? number !== 1 : number === 8) : number < 8;
  return exists && (out.prefixes & Prefix.Lock) === 0 ? length : 0;
}

/** 0F 0F, ModRM and its displacement, and last the byte that tells which 3DNow! instruction it is. */
function decodeThreeDNow(code: Uint8Array, start: number, p: number, prefixes: number, rex: number, out: Instruction): number {
  out.prefixes = prefixes;
  out.rex = rex;
  out.encoding = Encoding.Legacy;
  out.map = OpcodeMap.ThreeDNow;
  const length = decodeRest(code, start, p, MODRM, out);
  const suffix = code[start + length]!;
  if (threeDNow[suffix] === 0 || (prefixes & Prefix.Lock) !== 0) return 0;
  out.opcode = suffix;
  out.opcodeAt = length;
  out.immAt = length + 1;
  out.length = length + 1;
  return length + 1;
}
