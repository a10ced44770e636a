/** Only the length and the segment of an instruction: for sweeps over much code that look closer at few places. */

import { decode } from "./decode.js";
import { Instruction, Prefix } from "./instruction.js";
import { ESCAPE, entries, FORM_SHIFT, forms, Imm, MODRM } from "./tables.js";

/** Bits of what `scan` returns: the length in bytes, and one bit each where an override of %fs or %gs is in effect. */
export const ScanBits = { Length: 0xff, Fs: 0x100, Gs: 0x200 } as const;

/** Longest plain instruction: REX, 0F, opcode, ModRM, SIB, 4, 4. */
const REACH = 13;

/**
 * Per opcode of the maps 0 (one byte) and 1 (0F), where nothing but its ModRM decides on the length and any ModRM will do:
 * opcode byte and immediate in bytes, plus 16 with ModRM. Elsewhere 0: `decode` is asked.
 */
const plain = new Uint8Array(512);
/** Length of ModRM, SIB and displacement by the ModRM byte, second half: without ModRM. 128: a SIB byte has to be looked at. */
const modrmLength = new Uint8Array(512);

const scratch = new Instruction();

/**
 * The instruction at `at`, as `decode` reads it: its length, 0 where there is none, with `ScanBits`.
 * `code` holds the bytes, `end` is the offset behind the last that may be read.
 */
export function scan(code: Uint8Array, at: number, end: number): number {
  if (end - at < REACH) return scanByDecoding(code, at, end);
  let p = at;
  let opcode = code[p]!;
  if ((opcode & 0xf0) === 0x40) opcode = code[++p]!;
  if (opcode === 0x0f) opcode = 256 | code[++p]!;
  const kind = plain[opcode]!;
  if (kind === 0) return scanByDecoding(code, at, end);
  const more = modrmLength[(((kind & 16) ^ 16) << 4) | code[p + 1]!]!;
  if (more >= 128) return p - at + (kind & 15) + more - 128 + ((code[p + 2]! & 7) === 5 ? 4 : 0);
  return p - at + (kind & 15) + more;
}

function scanByDecoding(code: Uint8Array, at: number, end: number): number {
  const length = decode(code, at, end, scratch);
  if (length === 0) return 0;
  const { prefixes } = scratch;
  return length | ((prefixes & Prefix.Fs) !== 0 ? ScanBits.Fs : 0) | ((prefixes & Prefix.Gs) !== 0 ? ScanBits.Gs : 0);
}

const IMMEDIATE_SIZES = new Map<number, number>([
  [Imm.None, 0],
  [Imm.Byte, 1],
  [Imm.Rel8, 1],
  [Imm.Word, 2],
  [Imm.Z, 4],
  [Imm.Rel32, 4],
]);

for (let opcode = 0; opcode < 512; opcode++) {
  const entry = entries[opcode]!;
  const size = IMMEDIATE_SIZES.get(entry & 15);
  const form = entry >> FORM_SHIFT;
  const isWhole = form === 0 || forms.subarray(form * 36, form * 36 + 9).every((bits) => bits === 0xff);
  if (entry < ESCAPE && size !== undefined && isWhole) plain[opcode] = 1 + size + (entry & MODRM);
}
for (let modrm = 0; modrm < 256; modrm++) {
  const mod = modrm >> 6;
  const isSib = mod !== 3 && (modrm & 7) === 4;
  const disp = mod === 1 ? 1 : mod === 2 || (mod === 0 && (modrm & 7) === 5) ? 4 : 0;
  modrmLength[modrm] = 1 + (isSib ? 1 : 0) + disp + (isSib && mod === 0 ? 128 : 0);
}
