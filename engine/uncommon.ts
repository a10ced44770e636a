/** Opcodes that have no entry of their own: VEX, EVEX, XOP, pop, 3DNow!, and those of control registers. */

import {
  BEHIND,
  CONTROL_REGISTER,
  ESCAPE,
  IMMEDIATE_SHIFT,
  MAP_SHIFT,
  MODRM,
  MODRMS,
  POP,
  POP_OR_XOP,
  THREE_DNOW,
  THREE_DNOW_SUFFIXES,
  VECTOR,
} from "../src/x86/entry";
import { LOCK, SECONDARY, THREE_DNOW_MAP } from "./instruction";
import { askSib } from "./look-closer";
import { TABLES } from "./tables";
import { readVector, vectorOpcode, vectorRex } from "./vector";

// What `readUncommon` has found.
/** Address of the opcode. */
export let uncommonOpcode: usize = 0;
/** Eight bytes, the opcode first. */
export let uncommonWord: u64 = 0;
export let uncommonRex: i32 = 0;

/** `kind` is that of the byte at `p`. Returns the entry of what stands there, ESCAPE where it is no instruction. */
export function readUncommon(kind: i32, p: usize, rex: i32, prefixes: i32): i32 {
  uncommonOpcode = p;
  uncommonWord = load<u64>(p);
  uncommonRex = rex;
  // The map number of XOP stands where pop, which is /0 alone, has its ModRM.
  if (kind == POP_OR_XOP && (load<u8>(p, 1) & 0x1f) < 8) return POP;
  if (kind == VECTOR || kind == POP_OR_XOP) return rex == 0 ? vector(prefixes) : ESCAPE;
  if ((prefixes & LOCK) != 0) return ESCAPE;
  if (kind == THREE_DNOW) return threeDNow();
  return kind == CONTROL_REGISTER ? controlRegister() : ESCAPE;
}

function vector(prefixes: i32): i32 {
  const entry = readVector(uncommonOpcode, prefixes);
  uncommonOpcode = vectorOpcode;
  uncommonWord = load<u64>(vectorOpcode);
  uncommonRex = vectorRex;
  return entry;
}

/** Last of all is the byte that tells which 3DNow! instruction it is. */
function threeDNow(): i32 {
  const word = uncommonWord;
  const behind = askSib(load<u8>(usize(u8(word >> 8)), TABLES + MODRMS) & MODRM, i32(word >> 16));
  const suffix = load<u8>(uncommonOpcode + 1 + usize(behind & BEHIND));
  if (load<u8>(usize(suffix), TABLES + THREE_DNOW_SUFFIXES) == 0) return ESCAPE;
  uncommonWord = (word & ~0xff) | suffix;
  return MODRM | (2 << IMMEDIATE_SHIFT) | (THREE_DNOW_MAP << MAP_SHIFT);
}

/** The processor reads mod as 3 whatever it is. There are %cr0, 2, 3, 4, 8 and %dr0 to 7. */
function controlRegister(): i32 {
  const word = uncommonWord;
  const number = (i32(word >> 11) & 7) | ((uncommonRex & 4) << 1);
  const exists = (word & 1) == 0 ? (number <= 4 ? number != 1 : number == 8) : number < 8;
  uncommonWord = word | 0xc000;
  return exists ? MODRM | (SECONDARY << MAP_SHIFT) : ESCAPE;
}
