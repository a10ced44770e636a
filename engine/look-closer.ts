/** What the opcode alone does not tell, and its ModRM and prefixes do: as in src/x86/look-closer.ts. */

import {
  ASK_SIB,
  DISPLACEMENT_SHIFT,
  ENTRIES,
  ESCAPE,
  FLOW_SHIFT,
  FORM_NUMBERS,
  FORMS,
  GROUP,
  GROUP_ENTRY,
  GROUP_SHIFT,
  IMMEDIATE_SHIFT,
  KIND,
} from "../src/x86/entry";
import { ADDRESS_SIZE, PRIMARY, RETURN, SECONDARY } from "./instruction";
import { TABLES } from "./tables";

/** Four bytes of displacement more. */
const SIB_DISPLACEMENT: i32 = 4 + (4 << DISPLACEMENT_SHIFT);

/** The entry for a ModRM byte, if that of the opcode says that it is one of a group. */
export function ofGroup(entry: i32, modrm: i32): i32 {
  if ((entry & KIND) != GROUP) return entry;
  return load<i32>(usize(((entry >> GROUP_SHIFT) & GROUP_ENTRY) + ((modrm >> 3) & 7)) << 2, TABLES + ENTRIES);
}

/** How much there is behind a ModRM byte, if its entry in MODRMS says that the SIB byte decides. */
export function askSib(behind: i32, sib: i32): i32 {
  return behind >= ASK_SIB && (sib & 7) == 5 ? behind + SIB_DISPLACEMENT : behind;
}

/**
 * The entry with what ModRM and prefixes change of it, or ESCAPE where there is no such instruction. `word` begins with opcode and ModRM,
 * `mandatory` is the number of the prefix that is part of the opcode.
 */
export function lookCloser(entry: i32, map: i32, word: i32, mandatory: i32, prefixes: i32): i32 {
  const opcode = word & 0xff;
  const modrm = (word >> 8) & 0xff;
  const form: i32 = load<u8>(usize((map << 8) | opcode), TABLES + FORM_NUMBERS);
  if (form != 0 && !formExists(usize((form * 4 + mandatory) * 9), modrm)) return ESCAPE;
  if (map == PRIMARY && (opcode & 0xfc) == 0xa0) return (prefixes & ADDRESS_SIZE) != 0 ? entry - (8 << IMMEDIATE_SHIFT) : entry;
  if (map == SECONDARY) {
    if (opcode == 0x01 && mandatory >= 2 && (modrm == 0xca || modrm == 0xec)) return entry | (RETURN << FLOW_SHIFT);
    if (opcode == 0x78 && mandatory != 0) return entry | (4 << IMMEDIATE_SHIFT);
  }
  return entry;
}

function formExists(row: usize, modrm: i32): bool {
  const extension = (modrm >> 3) & 7;
  if (modrm < 0xc0) return (load<u8>(row, TABLES + FORMS) & (1 << extension)) != 0;
  return (load<u8>(row + usize(1 + extension), TABLES + FORMS) & (1 << (modrm & 7))) != 0;
}
