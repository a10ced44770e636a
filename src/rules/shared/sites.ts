/** From positions in the code to the sites and edits that findings carry. */

import type { Code } from "../../code/code.js";
import { evidenceAt, nameOf } from "../../code/code.js";
import type { EvidenceName } from "../../code/evidence.js";
import { Most, refuseMore } from "../../code/limits.js";
import { decode } from "../../x86/decode.js";
import { format } from "../../x86/format.js";
import { Flow, Instruction, RIP } from "../../x86/instruction.js";
import type { Change, Site } from "../define.js";

/** Lower-case hexadecimal of some bytes, without blanks. */
export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += (bytes[i]! < 16 ? "0" : "") + bytes[i]!.toString(16);
  return text;
}

/** The bytes of a hexadecimal string. */
export function bytesOf(hexadecimal: string): Uint8Array {
  const bytes = new Uint8Array(hexadecimal.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hexadecimal.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Of some code: how many instructions were described, and the texts of those that read the same everywhere, by their bytes. */
const described = new WeakMap<Code, { count: number; readonly texts: Map<string, string> }>();

/** Describes the instruction at a position. `evidence` defaults to what the walk knows. Throws InputError where there are too many. */
export function siteAt(code: Code, position: number, role: string, evidence?: EvidenceName): Site {
  const before = described.get(code) ?? { count: 0, texts: new Map() };
  described.set(code, before);
  refuseMore(++before.count, Most.sites, "places that matter to gVisor");
  const { space } = code;
  const instruction = new Instruction();
  const length = Math.max(1, decode(space.bytes, position, space.endOf(position), instruction));
  const address = space.addressOf(position);
  const bytes = hexOf(space.bytes.subarray(position, position + length));
  let text = before.texts.get(bytes);
  if (text === undefined) {
    text = format(instruction, space.bytes, address, (target) => nameOf(code, target));
    if (instruction.flow === Flow.Next && instruction.base !== RIP) before.texts.set(bytes, text);
  }
  return {
    address,
    fileOffset: space.fileOffsetOf(position),
    bytes,
    text,
    inFunction: nameOf(code, address),
    evidence: evidence ?? evidenceAt(code, position),
    role,
  };
}

/** A change of `after.length / 2` bytes at a position in the code. */
export function editAt(code: Code, position: number, after: string, what: string, evidence?: EvidenceName): Change {
  const { space } = code;
  return {
    fileOffset: space.fileOffsetOf(position),
    address: space.addressOf(position),
    before: hexOf(space.bytes.subarray(position, position + after.length / 2)),
    after,
    evidence: evidence ?? evidenceAt(code, position),
    what,
  };
}
