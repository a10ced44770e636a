/** Bytes to one instruction: prefixes and opcode, and whether that opcode exists. */

import { decodeRest, immediateToOffset } from "./decode-rest.js";
import { decodeVector } from "./decode-vector.js";
import {
  CLOSER,
  ESCAPE,
  GROUP,
  GROUP_ENTRY,
  GROUP_SHIFT,
  IMMEDIATE_SHIFT,
  KIND,
  LEGACY_PREFIX,
  MANDATORY_SHIFT,
  MAP_SHIFT,
  MODRM,
  NARROWS,
  POP,
  POP_OR_XOP,
  PREFIX_SHIFT,
  REX,
  SECONDARY_MAP,
  TAKES_BACK_SHIFT,
  THIRD_BYTE,
  THREE_DNOW,
  VECTOR,
} from "./entry.js";
import { Encoding, Flow, type Instruction, OpcodeMap, Prefix } from "./instruction.js";
import { lookCloser } from "./look-closer.js";
import { entries, lockable, threeDNowSuffixes } from "./tables.js";

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
  return decodePlain(code, at, out);
}

function decodeAtBorder(code: Uint8Array, at: number, end: number, out: Instruction): number {
  const room = end - at;
  if (!(room > 0)) return 0;
  if (room >= REACH) return decodePlain(code, at, out);
  for (let i = 0; i < room; i++) border[i] = code[at + i]!;
  border.fill(0, room);
  const length = decodePlain(border, 0, out);
  if (length > room) return 0;
  out.offset = at;
  if (out.flow === Flow.Jump || out.flow === Flow.Branch || out.flow === Flow.Call) out.target += at;
  return length;
}

/** Most instructions: REX or none, 0F or none, opcode. */
function decodePlain(code: Uint8Array, start: number, out: Instruction): number {
  let p = start + 1;
  let opcode = code[start]!;
  let rex = 0;
  if ((opcode & 0xf0) === 0x40) {
    rex = opcode;
    opcode = code[p++]!;
  }
  let entry = entries[opcode]!;
  if (entry < 0) {
    if (opcode === 0x0f) {
      opcode = code[p++]!;
      entry = entries[256 | opcode]!;
    } else if ((entry & KIND) === GROUP) entry = entries[groupEntry(entry, code[p]!)]!;
    if (entry < 0) return decodeGeneral(code, start, out);
  }
  out.prefixes = 0;
  out.rex = rex;
  out.encoding = Encoding.Legacy;
  out.map = entry >> MAP_SHIFT;
  out.opcode = opcode;
  return decodeRest(code, start, p, entry, out);
}

/** Any instruction. */
function decodeGeneral(code: Uint8Array, start: number, out: Instruction): number {
  out.prefixes = 0;
  out.rex = 0;
  out.encoding = Encoding.Legacy;
  out.map = OpcodeMap.Primary;
  // The number of the prefix that is part of the opcode: 0 none, 1 66, 2 F3, 3 F2.
  let mandatory = 0;
  // As many prefixes as an instruction may have bytes: else a long row of them would be read anew from each of its bytes.
  for (let p = start; p < start + MAX_LENGTH; ) {
    const byte = code[p++]!;
    let entry = entries[(out.map << 8) | byte]!;
    if ((entry & KIND) === GROUP) entry = entries[groupEntry(entry, code[p]!)]!;
    const isOpcode = (entry & ESCAPE) !== ESCAPE;
    const kind = entry & KIND;
    if (isOpcode || kind > THIRD_BYTE) {
      out.opcode = byte;
      const length = isOpcode
        ? decodeWithPrefixes(code, start, p, entry, mandatory, out)
        : decodeUncommon(code, start, p, kind, out);
      return length <= MAX_LENGTH ? length : 0;
    }
    switch (kind) {
      case LEGACY_PREFIX:
        // REX counts only directly before the opcode (SDM vol. 2A, 2.2.1).
        out.rex = 0;
        out.prefixes = (out.prefixes & ~(entry >> TAKES_BACK_SHIFT)) | ((entry >> PREFIX_SHIFT) & 0xff);
        mandatory = strongerPrefix(mandatory, (entry >> MANDATORY_SHIFT) & 3);
        break;
      case REX:
        out.rex = byte;
        break;
      case SECONDARY_MAP:
        out.map = OpcodeMap.Secondary;
        break;
      case THIRD_BYTE:
        out.map = byte === 0x38 ? OpcodeMap.Map0F38 : OpcodeMap.Map0F3A;
        break;
      default:
        return 0;
    }
  }
  return 0;
}

/** Which entry that of a group is, by its ModRM byte. */
function groupEntry(group: number, modrm: number): number {
  return ((group >> GROUP_SHIFT) & GROUP_ENTRY) + ((modrm >> 3) & 7);
}

/** What stands in front of an opcode, and the ModRM byte behind it, may change its entry. Returns the length in bytes, or 0. */
function decodeWithPrefixes(
  code: Uint8Array,
  start: number,
  p: number,
  entry: number,
  mandatory: number,
  out: Instruction,
): number {
  if (entry < 0 || mandatory !== 0) entry = lookCloser(entry & ~CLOSER, code[p]!, mandatory, out);
  if (entry < 0) return 0;
  if ((entry & NARROWS) !== 0 && (out.prefixes & Prefix.OperandSize) !== 0 && !out.wide) entry -= 4 << IMMEDIATE_SHIFT;
  const length = decodeRest(code, start, p, entry, out);
  if (out.map === OpcodeMap.Primary && (out.opcode & 0xfc) === 0xa0) immediateToOffset(code, start, out);
  return (out.prefixes & Prefix.Lock) === 0 || lockAllowed(out) ? length : 0;
}

/** The kinds of opcodes that have no entry of their own, `p` is the offset behind the opcode. Returns the length in bytes, or 0. */
function decodeUncommon(code: Uint8Array, start: number, p: number, kind: number, out: Instruction): number {
  // The map number of XOP stands where pop, which is /0 alone, has its ModRM (AMD APM vol. 3, 1.2.5).
  if (kind === POP_OR_XOP && (code[p]! & 0x1f) < OpcodeMap.Xop8) return decodeWithPrefixes(code, start, p, POP, 0, out);
  if (kind === VECTOR || kind === POP_OR_XOP) return out.rex === 0 ? decodeVector(code, start, p, out) : 0;
  if ((out.prefixes & Prefix.Lock) !== 0) return 0;
  return kind === THREE_DNOW ? decodeThreeDNow(code, start, p, out) : decodeControlRegister(code, start, p, out);
}

/** F3 and F2 (2 and 3) win over 66 (1), and the last of the two over the other (SDM vol. 2A, 2.1.2). */
function strongerPrefix(before: number, next: number): number {
  return next >= 2 ? next : Math.max(before, next);
}

function lockAllowed({ map, opcode, extension, hasMemory }: Instruction): boolean {
  return map <= OpcodeMap.Secondary && hasMemory && (lockable[(map << 8) | opcode]! & (1 << extension)) !== 0;
}

/** 0F 20 to 0F 23, mov to and from %cr and %dr: the processor reads mod as 3 whatever it is (SDM vol. 2B, "MOV"). */
function decodeControlRegister(code: Uint8Array, start: number, p: number, out: Instruction): number {
  const length = decodeRest(code, start, p, 0, out) + 1;
  out.modrm = code[p]! | 0xc0;
  out.immAt = out.dispAt = out.length = length;
  // There are %cr0, 2, 3, 4, 8 and %dr0 to 7.
  const isControl = (out.opcode & 1) === 0;
  const number = out.reg;
  return (isControl ? (number <= 4 ? number !== 1 : number === 8) : number < 8) ? length : 0;
}

/** 0F 0F, ModRM and its displacement, and last the byte that tells which 3DNow! instruction it is. */
function decodeThreeDNow(code: Uint8Array, start: number, p: number, out: Instruction): number {
  const at = decodeRest(code, start, p, MODRM, out);
  out.map = OpcodeMap.ThreeDNow;
  out.opcode = code[start + at]!;
  out.opcodeAt = at;
  out.immAt = out.length = at + 1;
  return threeDNowSuffixes[out.opcode] === 0 ? 0 : at + 1;
}
