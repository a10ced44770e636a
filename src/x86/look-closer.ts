/** What the opcode alone does not tell, and its ModRM byte and prefixes do. */

import { ESCAPE, FLOW_SHIFT, IMMEDIATE_SHIFT } from "./entry.js";
import { Flow, type Instruction, OpcodeMap, Prefix } from "./instruction.js";
import { formNumbers, forms } from "./tables.js";

/**
 * The entry with what ModRM and prefixes change of it, or ESCAPE where there is no such instruction. `mandatory` is the number of the prefix
 * that is part of the opcode.
 */
export function lookCloser(entry: number, modrm: number, mandatory: number, { map, opcode, prefixes }: Instruction): number {
  const form = formNumbers[(map << 8) | opcode]!;
  if (form !== 0 && !formExists((form * 4 + mandatory) * 9, modrm)) return ESCAPE;
  if (map === OpcodeMap.Primary && (opcode & 0xfc) === 0xa0) {
    return (prefixes & Prefix.AddressSize) !== 0 ? entry - (8 << IMMEDIATE_SHIFT) : entry;
  }
  if (map === OpcodeMap.Secondary) {
    // erets, eretu (F2, F3 0F 01 CA) and uiret (F3 0F 01 EC).
    if (opcode === 0x01 && mandatory >= 2 && (modrm === 0xca || modrm === 0xec)) return entry | (Flow.Return << FLOW_SHIFT);
    // extrq (66) and insertq (F2): two bytes, where vmread has none.
    if (opcode === 0x78 && mandatory !== 0) return entry | (4 << IMMEDIATE_SHIFT);
  }
  return entry;
}

/** Whether the opcode has this ModRM byte; `row` is the place in `forms`. Opcodes without ModRM pass by their row's `*`. */
function formExists(row: number, modrm: number): boolean {
  const extension = (modrm >> 3) & 7;
  if (modrm < 0xc0) return (forms[row]! & (1 << extension)) !== 0;
  return (forms[row + 1 + extension]! & (1 << (modrm & 7))) !== 0;
}
