/** The opcodes of VEX and XOP as data, and the classes that VEX, XOP and EVEX opcodes fall into, in the decoders' terms. */

import {
  MASK,
  MASK_REGISTERS,
  MASK_REQUIRED,
  MODRM,
  SIB_REQUIRED,
  VVVV_IN_MEMORY_FORM,
  VVVV_IN_REGISTER_FORM,
  ZEROING_IN_MEMORY_FORM,
  ZEROING_IN_REGISTER_FORM,
} from "../src/x86/entry.js";
import { Encoding } from "../src/x86/instruction.js";
import type { Classes } from "./classes.js";
import { digits } from "./digits.js";
import { EVEX } from "./evex.js";
import { BYTE, FOUR_BYTES } from "./legacy.js";
import { eachOpcode } from "./opcode-list.js";

/** `1.66 6e 7e`: map 1 (0F) with 66 inside; maps 2 (0F 38), 3 (0F 3A). SDM vol. 2D, tables, and the opcode pages. */
const VEX: Classes = [
  ["L0", "1.np 90; 1.66 6e 7e 90 d6; 1.f3 7e; 2.66 41 db; 3.66 14-17 60-63 df; 3.f2 f0"],
  ["L0 m", "1.np 13 17 91; 1.66 13 17 91"],
  ["L0 m /23", "1.np ae"],
  ["L0 m v", "1.66 12 16; 2.66 e0-ef"],
  ["L0 r", "1.np 44 98-99; 1.66 44 98-99 c5 f7; 1.f2 92-93; 3.66 30-33"],
  ["L0 v", "1.np 12 16; 1.66 c4; 2.np f2 f5 f7; 2.66 f7; 2.f3 f5 f7; 2.f2 f5-f7; 3.66 20-22 41"],
  ["L0 v /123", "2.np f3"],
  [
    "L01",
    "1.np 10-11 28-29 2e-2f 51-53 5a-5b 77; 1.66 10-11 28-29 2e-2f 51 5a-5b 6f-70 7f e6; 1.f3 12 16 2c-2d 5b 6f-70 7f e6; 1.f2 12 2c-2d 70 e6; 2.66 17 1c-1e 20-25 30-35; 3.66 08-09",
  ],
  ["L01 m", "1.np 2b; 1.66 2b e7; 1.f2 f0; 2.66 2a"],
  ["L01 m v", "2.66 8c 8e"],
  ["L01 m v s", "2.66 90-93"],
  ["L01 r", "1.np 50; 1.66 50 d7"],
  ["L01 r v /2367", "1.66 73"],
  ["L01 r v /246", "1.66 71-72"],
  [
    "L01 v",
    "1.np 14-15 54-59 5c-5f c2 c6; 1.66 14-15 54-59 5c-6d 74-76 7c-7d c2 c6 d0-d5 d8-e5 e8-ef f1-f6 f8-fe; 1.f3 2a 51-53 58-5a 5c-5f c2; 1.f2 2a 51 58-5a 5c-5f 7c-7d c2 d0; 2.66 00-0b 28-29 2b 37-40 45 47 96-9f a6-af b6-bf dc-df; 3.66 0a-0f 40 42 44 48-49 5c-5f 68-6f 78-7f",
  ],
  ["L01 vr", "1.f3 10-11; 1.f2 10-11"],
  ["L1 r v k", "1.np 41-42 45-47 4a-4b; 1.66 41-42 45-47 4a"],
  ["W0 L0 /0", "2.np 49"],
  ["W0 L0 m s", "2.66 4b; 2.f3 4b; 2.f2 4b"],
  ["W0 L0 m /0", "2.66 49"],
  ["W0 L0 r", "1.np 92-93; 1.66 92-93; 2.f2 49"],
  ["W0 L0 r v", "2.np 5e 6c; 2.66 5e 6c; 2.f3 5c 5e; 2.f2 5c 5e"],
  ["W0 L0 v", "2.np da; 2.66 da; 3.66 de"],
  ["W0 L01", "2.66 0e-0f 13 18 58-59 78-79; 2.f3 72; 3.66 04-05 1d"],
  ["W0 L01 m", "2.np b0; 2.66 b0-b1; 2.f3 b0-b1; 2.f2 b0"],
  ["W0 L01 m v", "2.66 2c-2f"],
  ["W0 L01 v", "2.np 50-51 d2-d3; 2.66 0c-0d 46 50-53 cf d2-d3; 2.f3 50-51 d2-d3 da; 2.f2 50-51 da; 3.66 02 4a-4c"],
  ["W0 L1", "2.66 19; 3.66 19 39"],
  ["W0 L1 m", "2.66 1a 5a"],
  ["W0 L1 r", "2.f2 cc-cd"],
  ["W0 L1 r v", "1.66 4b; 2.f2 cb"],
  ["W0 L1 v", "2.66 16 36; 3.66 06 18 38 46"],
  ["W1 L01 v", "2.66 b4-b5; 3.66 ce-cf"],
  ["W1 L1", "3.66 00-01"],
];

/** Maps 8, 9 and A; AMD APM vol. 3, tables, and vol. 4 for the vector ones. */
const XOP: Classes = [
  ["L0", "a.np 10"],
  ["L0 r /01", "9.np 12"],
  ["L0 v", "8.np a3; 9.np 90-9b"],
  ["L0 v /01", "a.np 12"],
  ["L0 v /1234567", "9.np 01"],
  ["L0 v /16", "9.np 02"],
  ["L01 v", "8.np a2"],
  ["W0 L0", "8.np c0-c3; 9.np 82-83 c1-c3 c6-c7 cb d1-d3 d6-d7 db e1-e3"],
  ["W0 L0 v", "8.np 85-87 8e-8f 95-97 9e-9f a6 b6 cc-cf ec-ef"],
  ["W0 L01", "9.np 80-81"],
];

/** The encodings with their maps, in this order: the 1024 opcodes (mandatory prefix and opcode byte) of each map make one space. */
const ENCODINGS = [
  { encoding: Encoding.Vex, maps: [1, 2, 3], list: VEX },
  { encoding: Encoding.Xop, maps: [8, 9, 10], list: XOP },
  { encoding: Encoding.Evex, maps: [1, 2, 3, 5, 6], list: EVEX },
] as const;

/** For each encoding (less 1) 32 bytes, one for each map: the number of its space plus 1, 0 for none. */
export const spaces = new Uint8Array(3 * 32);
/** Class number of every opcode of every space, 0 for none. */
export const classes = new Uint8Array(11 * 1024);
/** Per class an entry. */
export const vectorEntries = new Int32Array(192);
/** Per class the combinations that exist: bit (register form) 16 + (EVEX.b) 8 + W 4 + vector length. */
export const combinations = new Uint32Array(192);
/** Per class its rules. */
export const rules = new Uint8Array(192);
/** Per class: the /reg that exist. */
export const extensions = new Uint8Array(192);

/** Four bits per W: the set of vector lengths that the token `L012` names. */
function combinationsOf(tokens: readonly string[]): number {
  const lengths = digits(tokens.find((token) => token.startsWith("L"))!.slice(1));
  const w0 = tokens.includes("W1") ? 0 : lengths;
  const w1 = tokens.includes("W0") ? 0 : lengths;
  const both = w0 | (w1 << 4);
  let bits = 0;
  if (!tokens.includes("r")) bits |= both | (tokens.includes("b") ? both << 8 : tokens.includes("b1") ? w1 << 12 : 0);
  // With rounding the length bits hold the rounding mode, so all four exist.
  if (!tokens.includes("m")) bits |= (both << 16) | (tokens.includes("er") ? ((w0 && 0xf) | (w1 && 0xf0)) << 24 : 0);
  return bits;
}

function rulesOf(tokens: readonly string[]): number {
  let bits = 0;
  if (tokens.includes("v")) bits |= VVVV_IN_MEMORY_FORM | VVVV_IN_REGISTER_FORM;
  if (tokens.includes("vr")) bits |= VVVV_IN_REGISTER_FORM;
  if (tokens.includes("s")) bits |= SIB_REQUIRED;
  if (tokens.includes("k")) bits |= MASK | MASK_REGISTERS;
  if (tokens.includes("kz")) bits |= MASK | ZEROING_IN_MEMORY_FORM | ZEROING_IN_REGISTER_FORM;
  if (tokens.includes("sk")) bits |= MASK | ZEROING_IN_REGISTER_FORM;
  if (tokens.includes("K")) bits |= MASK | MASK_REQUIRED;
  return bits;
}

/** What follows the opcode. */
function entryOf(encoding: number, map: number, opcode: number): number {
  // 0F 3A and XOP 8: all have a byte. XOP A: four bytes.
  if (map === 3 || map === 8) return BYTE;
  if (map === 10) return FOUR_BYTES;
  // vzeroupper, vzeroall
  if (map === 1 && opcode === 0x77 && encoding === Encoding.Vex) return 0;
  // Shifts and shuffles, vcmp, vpinsrw, vpextrw, vshufp.
  const hasByte = (opcode >= 0x70 && opcode <= 0x73) || opcode === 0xc2 || (opcode >= 0xc4 && opcode <= 0xc6);
  return map === 1 && hasByte ? BYTE : MODRM;
}

const numbers = new Map<string, number>();

/** The number of the class with this specification and entry. */
function classNumber(spec: string, entry: number): number {
  const key = `${spec} ${entry}`;
  const known = numbers.get(key);
  if (known !== undefined) return known;
  const number = numbers.size + 1;
  if (number >= combinations.length) throw new Error("there are more classes of vector instructions than room for them");
  numbers.set(key, number);
  const tokens = spec.split(" ");
  vectorEntries[number] = entry;
  combinations[number] = combinationsOf(tokens);
  rules[number] = rulesOf(tokens);
  extensions[number] = digits(tokens.find((token) => token.startsWith("/"))?.slice(1) ?? "*");
  return number;
}

let space = 0;
for (const { encoding, maps, list } of ENCODINGS) {
  const first = (encoding - 1) * 32;
  for (const map of maps) spaces[first + map] = ++space;
  for (const [spec, opcodes] of list) {
    for (const part of opcodes.split("; ")) {
      // `1.66 6e 7e`
      const map = Number.parseInt(part, 16);
      const at = (spaces[first + map] - 1) * 1024 + ["np", "66", "f3", "f2"].indexOf(part.slice(2, 4)) * 256;
      eachOpcode(part.slice(5), (opcode) => {
        classes[at + opcode] = classNumber(spec, entryOf(encoding, map, opcode));
      });
    }
  }
}
